"""The metrics of merchant credit. Bad means over 90 days past due within 180 days of the decision.

Two truths are kept apart. What the bank observed holds for approved merchants only; what would have
happened to every applicant under one standard loan is known to the simulator alone (its reference
run), and serves to compare lenders at an equal bad rate.
"""

from sim.metrics.base import Metric

_DECISIONS = (
    Metric(
        "approval_rate",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the merchants that asked for credit whose first application was granted.",
        doc_zh="申请贷款的商户中首次申请即获批的比例。",
        per="group",
    ),
    Metric(
        "approval_rate_equal_bad_rate",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of applicants that the lender approves when its cut-off lets in the share of "
        "bad merchants that the collateral lender lets in.",
        doc_zh="当放宽或收紧门槛使通过者中的坏客户比例与抵押贷款方相同时，可获批的申请人比例。",
    ),
    Metric(
        "good_approval_rate",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the applicants who would repay a standard loan that were approved.",
        doc_zh="在标准贷款下能按期还款的申请人中获批的比例。",
        per="group",
    ),
    Metric(
        "approved_bad_rate",
        "ratio",
        bigger_is_better=False,
        doc_en="Share of the approved that would go bad under a standard loan.",
        doc_zh="获批者中在标准贷款下会变坏的比例。",
    ),
    Metric(
        "applicant_bad_rate",
        "ratio",
        bigger_is_better=False,
        doc_en="Share of all applicants that would go bad under a standard loan.",
        doc_zh="全部申请人中在标准贷款下会变坏的比例。",
    ),
    Metric(
        "applicant_count",
        "count",
        bigger_is_better=True,
        doc_en="Merchants that asked for credit early enough to be decided upon.",
        doc_zh="申请贷款且有足够时间得到决定的商户数。",
    ),
    Metric(
        "first_time_share",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the approved whom the collateral lender would have declined.",
        doc_zh="获批者中按抵押贷款标准会被拒绝的比例。",
    ),
    Metric(
        "declined_share",
        "ratio",
        bigger_is_better=False,
        doc_en="Share of first applications that were declined for one reason.",
        doc_zh="首次申请因某一原因被拒的比例。",
        per="reason",
        total=False,
    ),
    Metric(
        "fraud_approval_rate",
        "ratio",
        bigger_is_better=False,
        doc_en="Share of the fraudsters among the applicants that were approved.",
        doc_zh="申请人中的欺诈者获批的比例。",
    ),
    Metric(
        "fairness_gap",
        "ratio",
        bigger_is_better=False,
        doc_en="Largest difference between regions or size bands in the share of good applicants "
        "that were approved.",
        doc_zh="不同地区或规模组之间，好客户获批比例的最大差距。",
        per="attribute",
    ),
    *(
        Metric(
            f"time_to_decision_s_{suffix}",
            "s",
            bigger_is_better=False,
            doc_en=f"{name_en} time from a merchant's first application to its approval.",
            doc_zh=f"首次申请获批者从申请到获批的{name_zh}。",
        )
        for suffix, name_en, name_zh in (
            ("mean", "Mean", "平均时间"),
            ("p50", "Median", "时间中位数"),
            ("p90", "90th percentile of the", "时间第 90 百分位"),
        )
    ),
)

_RISK = (
    Metric(
        "npl_ratio_mean",
        "ratio",
        bigger_is_better=False,
        doc_en="Mean over the days of the last half of the measured period of the NPL ratio.",
        doc_zh="测量期后半段每日不良率的平均值。",
    ),
    Metric(
        "npl_peak",
        "ratio",
        bigger_is_better=False,
        doc_en="Highest NPL ratio on any day once the book has aged 180 days.",
        doc_zh="贷款存续满 180 天后任一日不良率的最高值。",
    ),
    Metric(
        "time_to_npl_break_s",
        "s",
        bigger_is_better=True,
        doc_en="Time from the start of lending until the NPL ratio first exceeds 1.5 %.",
        doc_zh="从开始放款到不良率首次超过 1.5% 的时间。",
    ),
    Metric(
        "npl_break_share",
        "ratio",
        bigger_is_better=False,
        doc_en="1 in a run in which the NPL ratio exceeded 1.5 % on some day, 0 in others.",
        doc_zh="运行期间不良率曾超过 1.5% 记 1，否则记 0。",
    ),
    Metric(
        "default_rate",
        "ratio",
        bigger_is_better=False,
        doc_en="Share of contracts with a full performance window that went over 90 days past due.",
        doc_zh="表现期已满的合同中逾期超过 90 天的比例。",
        per="group",
    ),
    Metric(
        "loss_rate",
        "ratio",
        bigger_is_better=False,
        doc_en="Principal written off less recoveries, with what is over 90 days past due at the "
        "end at its expected loss, over principal lent.",
        doc_zh="核销本金减回收，加期末逾期超 90 天部分的预期损失，占发放本金的比例。",
    ),
    Metric(
        "limit_utilisation",
        "ratio",
        bigger_is_better=True,
        doc_en="Principal over limits, mean over the days with an open line.",
        doc_zh="已用本金占授信额度的比例，按有授信的日期平均。",
    ),
    Metric(
        "lent_fen",
        "fen",
        bigger_is_better=True,
        doc_en="Principal paid out in the measured period.",
        doc_zh="测量期内发放的本金。",
    ),
    Metric(
        "balance_fen_mean",
        "fen",
        bigger_is_better=True,
        doc_en="Mean principal on the books over the days of the measured period.",
        doc_zh="测量期内每日贷款本金余额的平均值。",
    ),
    Metric(
        "bank_profit_fen",
        "fen",
        bigger_is_better=True,
        doc_en="Interest and fees earned less funding, operating cost, losses and the expected "
        "loss of what is still lent at the end.",
        doc_zh="利息与费用收入减资金成本、运营成本、损失及期末余额的预期损失。",
        per="part",
    ),
    Metric(
        "merchant_survival_rate",
        "ratio",
        bigger_is_better=True,
        doc_en="Share of the honest merchants alive at the start of lending that still trade.",
        doc_zh="开始放款时存续的诚信商户中期末仍在经营的比例。",
        per="group",
    ),
)

_QUALITY = (
    Metric(
        "auc",
        "ratio",
        bigger_is_better=True,
        doc_en="Chance that the lender ranked a merchant that went bad as riskier than one that "
        "did not; approved merchants with a full performance window.",
        doc_zh="在表现期已满的获批商户中，坏客户被评为风险高于好客户的概率。",
        per="quarter",
    ),
    Metric(
        "auc_all",
        "ratio",
        bigger_is_better=True,
        doc_en="The same over all scored applicants, against the reference run.",
        doc_zh="同上，但针对全部被评分的申请人，以参照运行为准。",
    ),
    Metric(
        "ks",
        "ratio",
        bigger_is_better=True,
        doc_en="Largest distance between the score distributions of bad and good merchants.",
        doc_zh="好坏客户评分分布的最大距离（KS）。",
    ),
    Metric(
        "brier",
        "ratio",
        bigger_is_better=False,
        doc_en="Mean squared difference between the PD at decision and what happened.",
        doc_zh="决策时违约概率与实际结果之差的均方。",
    ),
    Metric(
        "calibration_error",
        "ratio",
        bigger_is_better=False,
        doc_en="Mean absolute difference of PD and bad rate over ten groups of equal size.",
        doc_zh="按违约概率分十组，预测与实际坏账率之差的平均绝对值。",
    ),
    Metric(
        "pd_mean",
        "ratio",
        bigger_is_better=False,
        doc_en="Mean PD at decision of the merchants on which brier and calibration are measured.",
        doc_zh="用于计算校准指标的商户在决策时的平均违约概率。",
        per="tenth",
    ),
    Metric(
        "psi",
        "ratio",
        bigger_is_better=False,
        doc_en="Population stability index of the scores of applicants against the training data.",
        doc_zh="申请人评分相对训练样本的群体稳定性指数（PSI）。",
    ),
    Metric(
        "reject_bias",
        "ratio",
        bigger_is_better=False,
        doc_en="Bad rate among rejects approved at random, less the mean PD that the model gave "
        "them: above zero the model flatters those whom nobody lent to.",
        doc_zh="随机放行的被拒申请人的坏账率减模型对其预测的平均违约概率：大于零说明模型低估了被拒者的风险。",
    ),
    Metric(
        "training_rows_count",
        "count",
        bigger_is_better=True,
        doc_en="Matured observations on which the model in use was trained.",
        doc_zh="训练所用的已成熟观测数。",
    ),
)

CREDIT_METRICS: tuple[Metric, ...] = (*_DECISIONS, *_RISK, *_QUALITY)
