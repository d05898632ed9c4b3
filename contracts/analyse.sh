#!/bin/sh
# Slither over the contracts; findings are answered in ANALYSIS.md. Needs Node (npm ci done here)
# and slither-analyzer 0.11.6, in its own environment because it needs web3 below 8.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work" slither-input.json' EXIT
cat > "$work/solc" <<JS
#!/usr/bin/env node
const solc = require("$PWD/node_modules/solc");
if (process.argv.includes("--version")) console.log("Version: " + solc.version());
else process.stdout.write(solc.compile(require("fs").readFileSync(0, "utf8")));
JS
chmod +x "$work/solc"
node build.mjs --input > slither-input.json
"${SLITHER:-slither}" slither-input.json --compile-force-framework solc-json --solc "$work/solc" \
  --filter-paths @openzeppelin "$@"
