"""The README of a bundle: how to check it with tools that every machine has."""

from __future__ import annotations

from typing import Final

from sim.run_folder import Json

# The commands, as the test of this page runs them.
COMMANDS: Final = (
    "sha256sum --check --quiet --strict SHA256SUMS",
    "openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin "
    "-in SHA256SUMS -sigfile SHA256SUMS.sig",
    "openssl pkey -pubin -in public-key.pem -outform DER | sha256sum",
)
_TEXT: Final = """\
# Evidence of a simulated pilot / 模拟试点证据包

Simulated; not a regulator's finding. 模拟结果；并非监管部门的认定。

Results digest / 结果摘要: `{digest}`

## Check it without our code / 不依赖我方代码的复核

Needs coreutils and OpenSSL 3; run inside this folder. 需要 coreutils 与 OpenSSL 3；在本目录内运行。

```sh
{commands}
```

1. Every file is what it was when it was signed. 每个文件与签名时一致。
2. Who holds the key signed this list (`Signature Verified Successfully`). 清单由持钥者签署。
3. The key's fingerprint must be the one that the signer published elsewhere, for a key inside a
   bundle proves nothing alone. 指纹须与签署方在别处公布者一致：包内公钥本身不证明任何事。

   `{fingerprint}`

The first command names no file that was *added*; `shapan verify` does.
第一条命令不会指出*新增*的文件；`shapan verify` 会。

## Check it with Shapan / 用沙盘复核

```sh
shapan verify . --fingerprint {fingerprint}
shapan verify . --rerun     # simulates every event again / 重新模拟每个事件
```

`--rerun` demands equal events, counts and ledgers, bit for bit; figures that pass through exp and
log may differ by 1e-9 (machines differ in the last bit); timings are never compared. `pins.txt`
lists the packages. 事件、计数与账本须逐位一致；经 exp、log 的数值允许 1e-9 误差；耗时不作比较。

| file | what it is |
|---|---|
| `run/` | scenario, seeds, every event, metrics, verdicts / 场景、种子、事件、指标、结论 |
| `report.en.html`, `report.zh.html` | for people; open in any browser, offline / 供阅读，离线打开 |
| `results.json`, `junit.xml` | for machines / 供程序读取 |
| `statement.dsse.json` | in-toto Statement (test-result v0.1) over the files, in a DSSE envelope |
| `ro-crate-metadata.json` | RO-Crate: what each file is |
"""


def readme(results: Json, fingerprint: str) -> str:
    return _TEXT.format(
        digest=results["digest"], commands="\n".join(COMMANDS), fingerprint=fingerprint
    )
