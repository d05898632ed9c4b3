"""Business days: numbered from the epoch, turning at midnight in China."""

from system.limits import DAY_S, LOCAL_OFFSET_S


def business_day(at_s: int) -> int:
    """The business day on which a moment falls. at_s: UTC seconds."""
    return (at_s + LOCAL_OFFSET_S) // DAY_S


def day_start_s(day: int) -> int:
    """UTC seconds at which a business day begins."""
    return day * DAY_S - LOCAL_OFFSET_S
