"""What can break: every kind of fault that a scenario may name, by product.

A kind says what its severity means. ``hidden`` marks the kinds that a sound system absorbs at once
while asking again gets through: every event of a run is then that of the undisturbed run.
"""

from dataclasses import dataclass
from difflib import get_close_matches

RECEIVABLES, CREDIT, LEASING = "receivables", "credit", "leasing"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """severity: what 0..1 means for this kind."""

    name: str
    products: tuple[str, ...]
    severity: str
    text_en: str
    text_zh: str
    hidden: bool = False


_ALL, _CHAIN, _FEED = (RECEIVABLES, CREDIT, LEASING), (RECEIVABLES,), (CREDIT,)
_LINE = (LEASING,)
_TRIES = "share of attempts that meet it"
_ROWS = "share of merchants' rows"
_MESSAGES = "share of gateways' messages"
_POLLS = "share of the platform's polls"

_KINDS = (
    FaultKind(
        "evm_timeout_before", _CHAIN, _TRIES,
        "The node's answer is lost, and what was sent to it too.",
        "发往节点的交易与应答一并丢失。", True,
    ),
    FaultKind(
        "evm_timeout_after", _CHAIN, _TRIES,
        "The node has accepted what was sent, but its answer is lost.",
        "节点已接收交易，但应答丢失。", True,
    ),
    FaultKind(
        "transaction_dropped", _CHAIN, "share of transactions that are forgotten",
        "The node answers well and forgets the transaction.",
        "节点正常应答，却丢弃了交易。",
    ),
    FaultKind(
        "nonce_gap", _CHAIN, "share of batches whose first transaction is forgotten",
        "The first transaction of a batch is lost, so that the later ones wait for its nonce.",
        "一批交易的第一笔丢失，其后各笔因随机数缺口而等待。",
    ),
    FaultKind(
        "reorg", _CHAIN, "depth, from 1 block at 0 to 8 at 1",
        "The chain drops its last blocks; their transactions wait again or are lost.",
        "链回滚最近若干区块，其中交易重新等待或丢失。",
    ),
    FaultKind(
        "gas_spike", _CHAIN, "share of transactions that are priced too low",
        "Gas is dear: what is priced too low waits until the spike is over.",
        "燃料费飙升：出价过低的交易一直等到高峰结束。",
    ),
    FaultKind(
        "node_restart", _CHAIN, "any; the node is away for the whole time",
        "The node is away, and comes back without the transactions that waited in it.",
        "节点停机，恢复后其待打包交易已丢失。",
    ),
    FaultKind(
        "rpc_rate_limit", _CHAIN, "share of calls that are refused",
        "The node refuses calls, reads included, because there are too many.",
        "节点因请求过多而拒绝调用（含查询）。", True,
    ),
    FaultKind(
        "store_locked", _ALL, _TRIES,
        "The store is locked by somebody else when a transaction begins.",
        "事务开始时数据库被他人锁定。", True,
    ),
    FaultKind(
        "disk_full", _ALL, _TRIES,
        "The disk is full when a transaction commits: all of it is undone.",
        "提交事务时磁盘已满：事务全部撤销。", True,
    ),
    FaultKind(
        "service_killed", _ALL, "share of commits at which it happens, half of them just after",
        "The service is killed at a commit, and starts again from what is stored.",
        "服务在提交的瞬间被杀死，并从已存储的数据重新启动。", True,
    ),
    FaultKind(
        "clock_skew", _ALL, "how far behind the clock is, up to 15 minutes",
        "The service's clock is behind the world's.",
        "服务时钟落后于真实时间。",
    ),
    FaultKind(
        "clock_jump", _ALL, "how far ahead the clock jumps, up to 12 hours",
        "The service's clock jumps ahead and stands until the world has caught up.",
        "服务时钟突然前跳，并停住直到真实时间追上。",
    ),
    FaultKind(
        "rail_down", _ALL, "share of payments, or of calls to the rail, that do not go through",
        "The banks' payment rail is down: cash that is due arrives when it is up again.",
        "银行支付通道中断：应付款项在恢复后才到账。",
    ),
    FaultKind(
        "rail_duplicated", _CHAIN, "share of collections to which it happens",
        "What the payment rail said last, it says again, after it was acknowledged.",
        "支付通道把已确认收到的回报再次送达。", True,
    ),
    FaultKind(
        "mqtt_lost", _LINE, _MESSAGES,
        "A message that the broker has confirmed is gone for good.",
        "代理已确认的消息永久丢失。",
    ),
    FaultKind(
        "mqtt_duplicated", _LINE, _MESSAGES,
        "A message is delivered twice.",
        "消息被重复送达。", True,
    ),
    FaultKind(
        "mqtt_reordered", _LINE, _MESSAGES,
        "A message comes after all others, its readings in reverse.",
        "消息晚于其余消息到达，其中读数次序颠倒。", True,
    ),
    FaultKind(
        "mqtt_late", _LINE, _MESSAGES,
        "A gateway cannot send: what it has collected comes when the fault is over.",
        "网关无法发送，所采集的数据在故障结束后才送达。",
    ),
    FaultKind(
        "mqtt_poisoned", _LINE, _MESSAGES,
        "Beside a message comes one that cannot be read: noise, a half message, a stranger's.",
        "随消息夹带无法读取的内容：乱码、半截报文或陌生设备的报文。", True,
    ),
    FaultKind(
        "mqtt_oversize", _LINE, _MESSAGES,
        "Beside a message comes one that is larger than the service takes.",
        "随消息夹带超过服务上限的报文。", True,
    ),
    FaultKind(
        "consumer_slow", _LINE, _POLLS,
        "The consumer does not keep up: what a poll brings waits at the broker until the next.",
        "消费者处理过慢：本轮数据积压在代理，直到下一轮才处理。",
    ),
    FaultKind(
        "broker_killed", _LINE, _POLLS,
        "The broker dies while messages are under way, and starts again at once.",
        "消息在途时代理进程被杀死，随即重启。", True,
    ),
    FaultKind(
        "broker_down", _LINE, "any; the broker is away for the whole time",
        "The broker is killed and stays away; gateways keep what they collect until it is back.",
        "代理被杀死且长时间停机；网关保留数据，直到其恢复。",
    ),
    FaultKind(
        "feed_missing", _FEED, _ROWS,
        "Rows of the platform's feed never arrive.",
        "平台数据的部分行永不到达。",
    ),
    FaultKind(
        "feed_late", _FEED, _ROWS,
        "Rows of the platform's feed are held up until the fault is over.",
        "平台数据的部分行被积压，直到故障结束。",
    ),
    FaultKind(
        "feed_truncated", _FEED, "share of a day's delivery that is cut off",
        "A day's delivery breaks off; the rest comes with the next day's.",
        "当日数据传输中断，余下部分随次日数据到达。",
    ),
    FaultKind(
        "feed_duplicated", _FEED, _ROWS,
        "Rows of the platform's feed are delivered twice.",
        "平台数据的部分行被重复送达。",
    ),
    FaultKind(
        "feed_corrected", _FEED, _ROWS,
        "Rows arrive without their refunds and are corrected the next day.",
        "部分行到达时缺少退款，次日更正。",
    ),
)  # fmt: skip

KINDS: dict[str, FaultKind] = {kind.name: kind for kind in _KINDS}


def kinds_of(product: str) -> list[str]:
    """The faults that the product's model plays."""
    return [kind.name for kind in _KINDS if product in kind.products]


def advice(name: str, known: list[str]) -> str:
    """What to write instead of an unknown kind."""
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"use one of: {', '.join(known) or 'none'}"
