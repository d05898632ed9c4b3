"""Putting the contracts on a chain, as contracts/build/deployment.json says.

Addresses follow from the deployer's account and its nonces, so the same keys give the same
addresses on every chain, and a restart finds what was deployed before.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import rlp
from eth_hash.auto import keccak

from system.chain.abi import load_contract
from system.chain.bindings import Contracts
from system.chain.wallets import ADMIN, GUARDIAN, OPERATOR, RISK_SIGNER, Wallets
from system.errors import EvmReverted, InputError, IntegrityError
from system.ports.evm import Address, Call, Evm, Receipt

BUILD_FOLDER: Final = Path(__file__).resolve().parents[2] / "contracts" / "build"
DEPLOYER: Final = "deployer"
# Who holds which role. The operator registers, issues deposits and sets limits.
HOLDERS: Final = {
    "REGISTRAR": OPERATOR,
    "MINTER": OPERATOR,
    "LIMIT_SETTER": OPERATOR,
    "RISK_SIGNER": RISK_SIGNER,
    "GUARDIAN": GUARDIAN,
}
_ADMIN_ROLE = 0
_DEPLOY_GAS = 8_000_000
_CALL_GAS = 500_000
# Each step asks for less than the usual block of 30 million gas holds, and there are fewer steps.
_DEPLOY_BLOCKS_MAX = 100


class Deployer:
    """Builds the transactions of one deployment, in nonce order from zero."""

    def __init__(self, wallets: Wallets, parameters: dict[str, Any], folder: Path) -> None:
        self._wallets = wallets
        self._account = wallets.address(DEPLOYER)
        self._plan = _plan(folder)
        names = [step["contract"] for step in self._plan["deploy"]]
        self.abis = {name: load_contract(folder, name) for name in names}
        self.addresses = {
            name: created_address(self._account, nonce) for nonce, name in enumerate(names)
        }
        self._values = {**self._plan["parameters"], **parameters, "deployer": self._account}

    def calls(self) -> Iterator[Call]:
        """Every transaction, in order."""
        for step in self._plan["deploy"]:
            abi = self.abis[step["contract"]]
            data = abi.bytecode + abi.constructor.encode(self._arguments(step))
            yield Call(self._account, None, data, _DEPLOY_GAS)
        for step in self._plan["connect"]:
            yield self._call(step["contract"], step["function"], *self._arguments(step))
        yield from self._function_roles()
        yield from self._grants()

    def _arguments(self, step: dict[str, Any]) -> list[Any]:
        return [self._value(value) for value in step["args"].values()]

    def _value(self, value: str) -> Any:
        name = value.removeprefix("$")
        found = self.addresses.get(name, self._values.get(name))
        if name == "currency":
            return bytes.fromhex(str(found).removeprefix("0x"))
        return found

    def _function_roles(self) -> Iterator[Call]:
        roles = self._plan["roles"]
        by_role = {**self._plan["functions"], "ADMIN": self._plan["admin"]["functions"]}
        for role, contracts in by_role.items():
            for name, functions in contracts.items():
                selectors = [self.abis[name].selector(function) for function in functions]
                target = self.addresses[name]
                yield self._manage("setTargetFunctionRole", target, selectors, roles[role])

    def _grants(self) -> Iterator[Call]:
        for role, holder in HOLDERS.items():
            account = self._wallets.address(holder)
            yield self._manage("grantRole", self._plan["roles"][role], account, 0)
        # From here on only a delayed administrator changes roles or lifts a pause.
        delay_s = self._plan["admin"]["executionDelayS"]
        yield self._manage("grantRole", _ADMIN_ROLE, self._wallets.address(ADMIN), delay_s)
        yield self._manage("renounceRole", _ADMIN_ROLE, self._account)

    def _manage(self, function: str, *values: Any) -> Call:
        return self._call("AccessManager", function, *values)

    def _call(self, contract: str, function: str, *values: Any) -> Call:
        data = self.abis[contract].encode(function, *values)
        return Call(self._account, self.addresses[contract], data, _CALL_GAS)


def deploy(
    evm: Evm,
    mine: Callable[[], None],
    wallets: Wallets,
    parameters: dict[str, Any],
    folder: Path = BUILD_FOLDER,
) -> Contracts:
    """The contracts on this chain, deployed now as far as they are not there already.

    mine: returns after one more block; several may be needed where blocks are small.  parameters:
    overrides of those in deployment.json.  Raises IntegrityError when a step fails, InputError
    without a build.
    """
    deployer = Deployer(wallets, parameters, folder)
    contracts = Contracts(deployer.abis, deployer.addresses, evm.chain_id)
    done = evm.nonce(wallets.address(DEPLOYER))
    rest = list(deployer.calls())[done:]
    if rest:
        signed = [evm.prepare(call, nonce) for nonce, call in enumerate(rest, done)]
        evm.send(signed)
        receipts = _mined(evm, mine, [one.tx_hash for one in signed])
        for step, receipt in enumerate(receipts, done):
            if receipt is None or not receipt.ok:
                reason = contracts.refusal(receipt.revert_data) if receipt else "no receipt"
                raise IntegrityError(f"deployment step {step}", "ok", str(reason))
    _check_there(evm, contracts)
    return contracts


def _mined(
    evm: Evm, mine: Callable[[], None], tx_hashes: Sequence[bytes]
) -> Sequence[Receipt | None]:
    """The receipts, as far as they are there after so many blocks."""
    receipts: Sequence[Receipt | None] = [None]
    for _ in range(_DEPLOY_BLOCKS_MAX):
        if None not in receipts:
            break
        mine()
        receipts = evm.receipts(tx_hashes)
    return receipts


def _check_there(evm: Evm, contracts: Contracts) -> None:
    try:
        contracts.view(evm, "Registry", "paused")
    except (EvmReverted, ValueError) as error:
        raise IntegrityError("contracts on chain", "the deployed ones", str(error)) from error


def created_address(sender: Address, nonce: int) -> Address:
    """Where the sender's transaction with this nonce creates a contract."""
    packed = rlp.encode([bytes.fromhex(sender[2:]), nonce], infer_serializer=True)
    return "0x" + bytes(keccak(packed))[12:].hex()


def _plan(folder: Path) -> dict[str, Any]:
    path = folder / "deployment.json"
    try:
        plan: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("contract", path.name, "run `make contracts`", file=str(path)) from None
    return plan
