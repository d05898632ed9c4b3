"""Secret values of the two parties, and programs over them: SPU's CHEETAH protocol.

CHEETAH is two-party, secure against a peer that follows the protocol but keeps notes, and needs
no third party. SPU's faster SEMI2K is not used: without a dealer outside, its first party knows
every mask (docs/PRIVACY.md).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from system.privacy.link import Link, load_spu, peer_errors
from system.privacy.records import F64, Role

FRACTION_BITS = 20


class Shared:
    """A computation over values that neither party sees."""

    def __init__(self, link: Link) -> None:
        from spu import api

        spu = load_spu()
        config = spu.RuntimeConfig(
            protocol=spu.ProtocolKind.CHEETAH,
            field=spu.FieldType.FM64,
            fxp_fraction_bits=FRACTION_BITS,
        )
        self._spu, self._link = spu, link
        self._io = api.Io(len(Role), config)
        with peer_errors("start the protocol"):
            self._runtime = api.Runtime(link.context, config)

    def put(self, name: str, owner: Role, shape: tuple[int, ...], value: F64 | None) -> None:
        """Share a value. The owner gives it; the other side gives None and gets random bytes."""
        if self._link.role is owner:
            assert value is not None
            assert value.shape == shape
            shares = self.split(value)
            send_share(self._link, shares[owner.other.rank])
            own = shares[owner.rank]
        else:
            own = self._receive_share()
        self._runtime.set_var(name, own)

    def split(self, value: F64) -> list[Any]:
        """One share per party: each alone is uniformly random, together they are the value."""
        shares: list[Any] = self._io.make_shares(
            np.asarray(value, dtype=np.float32), self._spu.Visibility.VIS_SECRET
        )
        return shares

    def run(
        self,
        program: Callable[..., Any],
        shapes: dict[str, tuple[int, ...]],
        outputs: Sequence[str],
    ) -> None:
        """Run a JAX function over shared values; its results stay shared, under these names."""
        from spu.utils import frontend

        executable, _ = frontend.compile(
            frontend.Kind.JAX,
            program,
            [np.zeros(shape, dtype=np.float32) for shape in shapes.values()],
            {},
            list(shapes),
            [self._spu.Visibility.VIS_SECRET] * len(shapes),
            lambda flat: list(outputs),
        )
        with peer_errors("go on with the protocol"):
            self._runtime.run(executable)

    def open_to(self, name: str, reader: Role) -> F64 | None:
        """Show a value to one party. The other side gets None."""
        own = self._runtime.get_var(name)
        if self._link.role is not reader:
            send_share(self._link, own)
            return None
        both = [own, self._receive_share()]
        # reconstruct wants them in the order of the ranks.
        ordered = both if reader.rank == 0 else both[::-1]
        return np.asarray(self._io.reconstruct(ordered), dtype=np.float64)

    def _receive_share(self) -> Any:
        share = self._spu.Share()
        share.meta = self._link.receive()
        share.share_chunks = [self._link.receive() for _ in range(int(self._link.receive()))]
        return share


def send_share(link: Link, share: Any) -> None:
    """Its description, the number of its pieces, and the pieces."""
    link.send(share.meta)
    link.send(str(len(share.share_chunks)).encode())
    for chunk in share.share_chunks:
        link.send(chunk)
