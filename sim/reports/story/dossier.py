"""What only a pilot's owner knows: the fields of its dossier, from a small TOML that the owner
writes. Nothing is made up: a field that is not there is shown as missing.

The fields follow the PBoC's innovation statement (创新应用声明书), JR/T 0199-2020's chapters, the
FCA's default standards for tests and SR 26-2 on models.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from system.errors import InputError

Title = tuple[str, str]
# Table of the TOML -> (title, field -> title); titles as (en, zh).
FIELDS: Final[Mapping[str, tuple[Title, Mapping[str, Title]]]] = {
    "identity": (
        ("Identity", "创新应用基本信息"),
        {
            "number": ("Application number", "创新应用编号"),
            "name": ("Name", "创新应用名称"),
            "type": ("Type", "创新应用类型"),
            "institution": ("Institution", "机构名称"),
            "credit_code": ("Unified social credit code", "统一社会信用代码"),
            "lei": ("LEI", "全球法人识别编码"),
            "licence": ("Licences held", "持有金融牌照"),
            "start": ("Planned start of operation", "拟正式运营时间"),
            "technology": ("Technology applied", "技术应用"),
            "functions": ("Functions and service", "功能服务"),
            "innovation": ("What is new", "创新性说明"),
            "effect": ("Expected effect and scale", "预期效果与规模"),
            "channels": ("Service: channels, hours, customers", "服务信息"),
        },
    ),
    "gate": (
        ("Entry gate", "准入审查"),
        {
            "legal_review": ("Review of lawfulness", "合法合规性评估"),
            "security_review": ("Review of technical security", "技术安全性评估"),
            "internal_audit": ("Internal audit", "内部审计"),
            "outside_assessment": ("Outside assessment", "外部评估"),
            "standards_check": ("Check against standards", "标准符合性"),
        },
    ),
    "safeguards": (
        ("Safeguards", "保障措施"),
        {
            "controls": ("Risk controls", "风险防控措施"),
            "compensation": ("Risk compensation", "风险补偿机制"),
            "exit": ("Exit", "退出机制"),
            "emergency": ("Emergency plan", "应急预案"),
            "complaints": ("Complaints", "投诉响应机制"),
        },
    ),
    "security": (
        ("Security by the chapters of JR/T 0199-2020", "按 JR/T 0199-2020 各章的安全情况"),
        {
            "transactions": ("Transactions", "交易安全"),
            "service_quality": ("Service quality", "服务质量"),
            "continuity": ("Continuity", "业务连续性"),
            "algorithms": ("Algorithms", "算法安全"),
            "architecture": ("Architecture", "架构安全"),
            "data": ("Data", "数据安全"),
            "network": ("Network", "网络安全"),
            "internal_control": ("Internal control", "内控管理"),
        },
    ),
    "test_plan": (
        ("Test plan", "测试方案"),
        {
            "duration": ("Duration", "测试期限"),
            "customers": ("Customers: number and selection", "客户数量与选取"),
            "boundaries": ("Boundary conditions", "边界条件"),
            "disclosure": ("Disclosure to customers", "信息披露"),
            "data": ("Data used", "使用的数据"),
            "benefit": ("Benefit to consumers", "消费者受益"),
            "readiness": ("Readiness", "准备程度"),
        },
    ),
    "model": (
        ("Models in use", "模型"),
        {
            "purpose": ("Purpose", "用途"),
            "data": ("Training data", "训练数据"),
            "assumptions": ("Assumptions", "假设"),
            "limits": ("Limits", "局限"),
            "validation": ("Independent validation", "独立验证"),
            "monitoring": ("Monitoring", "监测"),
            "materiality": ("Materiality", "重要性"),
        },
    ),
    "personal_data": (
        ("Personal data", "个人信息"),
        {
            "basis": ("Lawful basis", "处理的合法性基础"),
            "separate_consent": ("Separate consent", "单独同意"),
            "impact_assessment": ("Impact assessment", "影响评估"),
            "due_diligence": ("Customer due diligence records", "客户尽职调查记录"),
        },
    ),
}
_RISK_KEYS: Final = ("response", "owner", "residual")
RESPONSES: Final[Mapping[str, Title]] = {
    "avoid": ("avoid", "规避"),
    "transfer": ("transfer", "转移"),
    "mitigate": ("mitigate", "缓释"),
    "accept": ("accept", "接受"),
}


@dataclass(frozen=True, slots=True)
class Dossier:
    """tables: as in FIELDS.  risks: key of the register -> response, owner, residual.

    errata: (day, text), newest last.  signer: who stands for it.
    """

    tables: Mapping[str, Mapping[str, str]]
    risks: Mapping[str, Mapping[str, str]]
    errata: tuple[tuple[str, str], ...]
    signer: str


EMPTY: Final = Dossier({}, {}, (), "")


def read_dossier(path: Path, risks_known: tuple[str, ...]) -> Dossier:
    """The dossier in a TOML file. Raises InputError that names the key."""
    file = str(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError("--dossier", file, f"cannot be read ({error})") from None
    _known(data, (*FIELDS, "risks", "errata", "signer"), "", file)
    tables = {
        name: _texts(data.get(name, {}), tuple(fields), name, file)
        for name, (_, fields) in FIELDS.items()
    }
    found = data.get("risks", {})
    _known(found, risks_known, "risks.", file)
    risks = {key: _risk(found[key], f"risks.{key}", file) for key in found}
    return Dossier(tables, risks, _errata(data, file), str(data.get("signer", "")))


def _risk(table: Any, at: str, file: str) -> dict[str, str]:
    texts = _texts(table, _RISK_KEYS, at, file)
    response = texts.get("response")
    if response is not None and response not in RESPONSES:
        remedy = f"use one of {', '.join(RESPONSES)}"
        raise InputError(f"{at}.response", response, remedy, file=file)
    return texts


def _texts(table: Any, known: tuple[str, ...], at: str, file: str) -> dict[str, str]:
    _known(table, known, f"{at}.", file)
    for key, value in table.items():
        if not isinstance(value, str):
            raise InputError(f"{at}.{key}", str(value), "write a text in quotes", file=file)
    return dict(table)


def _known(table: Any, known: tuple[str, ...], at: str, file: str) -> None:
    if not isinstance(table, dict):
        raise InputError(at.rstrip("."), str(table), "write a table", file=file)
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            raise InputError(f"{at}{key}", "…", f"unknown key; {hint}", file=file)


def _errata(data: Mapping[str, Any], file: str) -> tuple[tuple[str, str], ...]:
    found = data.get("errata", [])
    is_list = isinstance(found, list)
    if not is_list or not all(isinstance(e, dict) and {"day", "text"} <= set(e) for e in found):
        raise InputError("errata", str(found), "write [[errata]] with day and text", file=file)
    return tuple((str(one["day"]), str(one["text"])) for one in found)
