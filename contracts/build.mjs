// Compiles src/*.sol with the pinned npm solc and writes build/<Name>.json.
// node build.mjs          rebuild
// node build.mjs --check  recompile, compare with the committed files, exit 1 on a difference
// node build.mjs --input  print the standard JSON input with every source inside (for analysers)
import { readFileSync, readdirSync, writeFileSync, mkdirSync, existsSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = dirname(fileURLToPath(import.meta.url));
const ACCESS_MANAGER = "@openzeppelin/contracts/access/manager/AccessManager.sol";
const CONTRACTS = ["Participants", "DepositToken", "Registry", "LotLedger", "FinancingDesk", "Settlement"];
const CODE_BYTES_MAX = 24576; // EIP-170

const settings = {
  evmVersion: "cancun",
  optimizer: { enabled: true, runs: 200 },
  viaIR: false,
  metadata: { bytecodeHash: "none", appendCBOR: false },
};

const read = (path) => readFileSync(path, "utf8");
const npmVersion = (name) => JSON.parse(read(join(here, "node_modules", name, "package.json"))).version;

function findImports(path) {
  for (const place of [join(here, path), join(here, "node_modules", path)]) {
    if (existsSync(place)) return { contents: read(place) };
  }
  return { error: `not found: ${path}; run npm ci in contracts/` };
}

function standardInput() {
  const paths = CONTRACTS.map((name) => `src/${name}.sol`);
  const sources = Object.fromEntries(paths.map((path) => [path, { content: read(join(here, path)) }]));
  sources[ACCESS_MANAGER] = { content: findImports(ACCESS_MANAGER).contents };
  const outputSelection = { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.methodIdentifiers"] } };
  return { language: "Solidity", sources, settings: { ...settings, outputSelection } };
}

// The same input with every imported file inside, for tools that have no import callback.
function selfContainedInput() {
  const input = standardInput();
  const queue = Object.keys(input.sources);
  for (const from of queue) {
    for (const [, to] of input.sources[from].content.matchAll(/from\s+"([^"]+)"/g)) {
      const path = to.startsWith(".") ? posix.join(posix.dirname(from), to) : to;
      if (input.sources[path]) continue;
      input.sources[path] = { content: findImports(path).contents };
      queue.push(path);
    }
  }
  input.settings.outputSelection = { "*": { "*": ["*"], "": ["ast"] } };
  return input;
}

function compile() {
  const output = JSON.parse(solc.compile(JSON.stringify(standardInput()), { import: findImports }));
  const problems = (output.errors ?? []).filter((e) => e.severity !== "info");
  for (const problem of problems) console.error(problem.formattedMessage);
  if (problems.length) process.exit(1); // warnings too: the build is kept clean
  return output.contracts;
}

function artifact(output, path, name) {
  const { abi, evm } = output[path][name];
  const size = evm.deployedBytecode.object.length / 2;
  if (size > CODE_BYTES_MAX) throw new Error(`${name}: ${size} bytes is above EIP-170's ${CODE_BYTES_MAX}`);
  const compiler = { solc: solc.version(), openzeppelin: npmVersion("@openzeppelin/contracts"), settings };
  return { contractName: name, compiler, abi, selectors: evm.methodIdentifiers, bytecode: `0x${evm.bytecode.object}`, runtimeBytes: size };
}

function files() {
  const output = compile();
  const all = CONTRACTS.map((name) => artifact(output, `src/${name}.sol`, name));
  all.push(artifact(output, ACCESS_MANAGER, "AccessManager"));
  const plan = deployment(Object.fromEntries(all.map((a) => [a.contractName, a])));
  const named = [...all.map((a) => [a.contractName, a]), ["deployment", plan]];
  return Object.fromEntries(named.map(([name, value]) => [`${name}.json`, JSON.stringify(value, null, 1) + "\n"]));
}

// deployment.json with the selectors of the functions that it names; a wrong name stops the build.
function deployment(artifacts) {
  const plan = JSON.parse(read(join(here, "deployment.json")));
  const entry = (contract, test) => {
    const found = artifacts[contract].abi.filter(test);
    if (found.length !== 1) throw new Error(`deployment.json: ${contract}: ${found.length} matches for ${test}`);
    return found[0];
  };
  const matches = (inputs, args, where) => {
    const names = inputs.map((input) => input.name).join();
    if (names !== Object.keys(args).join()) throw new Error(`deployment.json: ${where} takes ${names}`);
  };
  for (const { contract, args } of plan.deploy) {
    matches(entry(contract, (e) => e.type === "constructor").inputs, args, contract);
  }
  for (const { contract, function: name, args } of plan.connect) {
    matches(entry(contract, (e) => e.name === name).inputs, args, `${contract}.${name}`);
  }
  const selectors = (table) =>
    Object.fromEntries(
      Object.entries(table).map(([contract, names]) => [
        contract,
        Object.fromEntries(
          names.map((name) => {
            entry(contract, (e) => e.type === "function" && e.name === name);
            const known = Object.entries(artifacts[contract].selectors);
            return [name, `0x${known.find(([signature]) => signature.startsWith(`${name}(`))[1]}`];
          }),
        ),
      ]),
    );
  for (const [role, table] of Object.entries(plan.functions)) plan.functions[role] = selectors(table);
  plan.admin.functions = selectors(plan.admin.functions);
  return plan;
}

const build = join(here, "build");
if (process.argv.includes("--input")) {
  writeFileSync(1, JSON.stringify(selfContainedInput()));
} else if (process.argv.includes("--check")) {
  const wanted = files();
  const stale = Object.keys(wanted).filter(
    (name) => !existsSync(join(build, name)) || read(join(build, name)) !== wanted[name],
  );
  if (stale.length) {
    console.error(`build/ differs from src/: ${stale.join(", ")}; run node build.mjs and commit`);
    process.exit(1);
  }
} else {
  const wanted = files();
  mkdirSync(build, { recursive: true });
  for (const [name, text] of Object.entries(wanted)) writeFileSync(join(build, name), text);
  console.log(`wrote ${Object.keys(wanted).length} files to build/`);
}
