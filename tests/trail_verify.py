#!/usr/bin/env python3
"""A second verifier of trails: from docs/trail-format.md alone, with nothing but Python's own library.

    trail_verify.py vectors FILE                                  tries itself on the data of the format
    trail_verify.py export FILE... [--key HEX]... [--witness HEADS]...
        for each file "intact"; "line N", the first fault; or "witness": no fault, but heads kept elsewhere contradict it
"""
import hashlib, json, re, struct, sys
H = lambda *parts: hashlib.sha256(b"".join(parts)).digest()
def check(holds, why="a rule of the format does not hold"):
    if not holds: raise ValueError(why)

# Ed25519 (RFC 8032, 5.1): points as (X, Y, Z, T)
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(n, p):
    q = (0, 1, 1, 0)
    for bit in bin(n)[2:]:
        q = add(q, q)
        if bit == "1": q = add(q, p)
    return q
def unpack(b):
    y, sign = int.from_bytes(b, "little") & 2**255 - 1, b[31] >> 7
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P: x = x * pow(2, (P - 1) // 4, P) % P
    check(y < P and (x * x - x2) % P == 0 and not (x == 0 and sign))
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P
def pack(p):
    z = pow(p[2], -1, P)
    return (p[1] * z % P | (p[0] * z % P & 1) << 255).to_bytes(32, "little")
BASE = unpack((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def ed25519(key, message, signature):
    if len(key) != 32 or len(signature) != 64: return False
    s = int.from_bytes(signature[32:], "little")
    try: x, y, z, t = unpack(key)
    except ValueError: return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return s < L and pack(add(times(s, BASE), times(h, (P - x, y, z, P - t)))) == signature[:32]

# Values (section 2)
def body(v):
    if v is None: return b"\0"
    if isinstance(v, bool): return b"\2" if v else b"\1"
    if isinstance(v, int): return b"\3" + struct.pack(">q", v)
    if isinstance(v, str): return b"\4" + struct.pack(">Q", len(v.encode())) + v.encode()
    if isinstance(v, list): return b"\5" + struct.pack(">Q", len(v)) + b"".join(map(body, v))
    return b"\6" + struct.pack(">Q", len(v)) + b"".join(body(k)[1:] + body(v[k]) for k in sorted(v))
def encode(v): return b"\1" + body(v)
def refuse(text): raise ValueError(f"{text} is no whole number")
def parse(text):
    v = json.loads(text, parse_float=refuse, parse_constant=refuse)
    check(json.dumps(v, ensure_ascii=False, separators=(",", ":"), sort_keys=True) == text, "not canonical")
    encode(v)  # numbers out of range, and halves of characters, have no encoding
    return v
def depth(v):
    inner = v.values() if isinstance(v, dict) else v if isinstance(v, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)

# Trees (section 4), statements (section 5)
def root(leaves):
    if len(leaves) < 2: return H(b"\0", leaves[0]) if leaves else H()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return H(b"\1", root(leaves[:k]), root(leaves[k:]))
class Tree:
    """The same root, while leaves are added: roots of perfect trees, the largest first, with their sizes."""
    def __init__(self): self.size, self.parts = 0, []
    def append(self, data):
        self.size, size, node = self.size + 1, 1, H(b"\0", data)
        while self.parts and self.parts[-1][0] == size: size, node = 2 * size, H(b"\1", self.parts.pop()[1], node)
        self.parts.append((size, node))
    def root(self):
        if not self.parts: return H()
        node = self.parts[-1][1]
        for _, left in self.parts[-2::-1]: node = H(b"\1", left, node)
        return node
def climb(at, last, seed, path):
    """RFC 9162, 2.1.3.2 and 2.1.4.2: what the path leads to with and without the nodes on the right; None: wrong length."""
    new = old = seed
    for p in path:
        if last == 0: return None, None
        if at & 1 or at == last:
            new, old = H(b"\1", p, new), H(b"\1", p, old)
            while not at & 1 and at: at, last = at >> 1, last >> 1
        else: new = H(b"\1", new, p)
        at, last = at >> 1, last >> 1
    return (new, old) if last == 0 else (None, None)
def included(leaf, index, size, top, path): return index < size and climb(index, size - 1, leaf, path)[0] == top
def consistent(old, old_root, new, new_root, path):
    if old == new or old == 0: return not path and old <= new and old_root == (new_root if old == new else H())
    if old > new or not path: return False
    path = path if old & old - 1 else [old_root] + path
    shift = (old ^ old - 1).bit_length() - 1
    return climb(old - 1 >> shift, new - 1 >> shift, path[0], path[1:]) == (new_root, old_root)
def message(line): return b"\3" + encode({k: line[k] for k in line if k != "signature"})
def signed(line, keys):
    return any(ed25519(bytes.fromhex(k), message(line), bytes.fromhex(line["signature"])) for k in keys)

# Exports (section 6). What may stand where: t text, o text or null, i number, n count, h hash, x bytes, k keys, p proof,
# e entry, v any value
SHAPES = {name: dict(part.split("=") for part in keys.split()) for name, keys in {
    "header": "type=t format=t version=i suite=t log_id=t chain=o public_keys=k created_micros=i signature=x",
    "entry": "type=t log_index=n entry=e prev=h link=h",
    "proven entry": "type=t log_index=n entry=e prev=h link=h proof=p",
    "head": "type=t suite=t log_id=t size=n root=h time_micros=i previous=h signature=x",
    "footer": "type=t header=h entries=n heads=n chains=n root=h last_head=h signature=x",
    "e": "action=t actor=t chain=t client=t id=t on_behalf_of=o payload=v seq=n time_micros=i"}.items()}
def is_hex(v, pairs): return isinstance(v, str) and re.fullmatch("([0-9a-f]{2})" + pairs, v) is not None
FITS = {"t": lambda v: isinstance(v, str), "o": lambda v: v is None or isinstance(v, str),
        "i": lambda v: type(v) is int, "n": lambda v: type(v) is int and v >= 0,
        "h": lambda v: is_hex(v, "{32}"), "x": lambda v: is_hex(v, "*"),
        "k": lambda v: isinstance(v, list) and 1 <= len(v) <= 32 and all(is_hex(k, "*") for k in v),
        "p": lambda v: isinstance(v, list) and all(is_hex(h, "{32}") for h in v),
        "e": lambda v: shaped(v, "e") and v["seq"] >= 1 and depth(v["payload"]) <= 64, "v": lambda v: True}
def shaped(v, name):
    shape = SHAPES[name]
    return isinstance(v, dict) and set(v) == set(shape) and all(FITS[kind](v[key]) for key, kind in shape.items())

class Export:
    def __init__(self):
        self.header = self.head = self.footer = None
        self.tree, self.roots, self.chains, self.entries, self.heads, self.next = Tree(), [H()], {}, 0, 0, 0
    def line(self, text, keys):
        check(len(text) <= 1 << 20 and self.footer is None)
        line = parse(text.decode())
        kind = line["type"]
        check((kind == "header") == (self.header is None))
        part = self.header is not None and self.header["chain"] is not None
        check(shaped(line, "proven entry" if part and kind == "entry" else kind))
        getattr(self, "take_" + kind)(line, part, keys)
    def take_header(self, line, part, keys):
        check((line["format"], line["version"], line["suite"]) == ("trail-export", 1, "sha256-ed25519"))
        check(signed(line, line["public_keys"][:1]) and (not keys or set(line["public_keys"]) <= set(keys)))
        self.header = line
    def take_entry(self, line, part, keys):
        entry, link = line["entry"], bytes.fromhex(line["link"])
        seq, last = self.chains.get(entry["chain"], (0, "00" * 32))
        check(line["log_index"] >= self.next if part else line["log_index"] == self.next)
        check((entry["seq"], line["prev"]) == (seq + 1, last))
        check(H(b"\2", bytes.fromhex(line["prev"]), encode(entry)) == link)
        if part:
            check(entry["chain"] == self.header["chain"] and self.head is not None)
            path = [bytes.fromhex(h) for h in line["proof"]]
            check(included(H(b"\0", link), line["log_index"], self.head["size"], bytes.fromhex(self.head["root"]), path))
        self.chains[entry["chain"]] = entry["seq"], line["link"]
        self.next, self.entries = line["log_index"] + 1, self.entries + 1
        self.tree.append(link)
        self.roots.append(self.tree.root())
    def take_head(self, line, part, keys):
        check((line["suite"], line["log_id"]) == (self.header["suite"], self.header["log_id"]))
        check(signed(line, self.header["public_keys"]))
        if part: check(self.head is None and self.entries == 0)
        else:
            check(line["size"] == self.entries and line["root"] == self.tree.root().hex())
            check(line["previous"] == (H(message(self.head)).hex() if self.head else "00" * 32))
            check(self.head is None or self.head["time_micros"] <= line["time_micros"])
        self.head, self.heads = line, self.heads + 1
    def take_footer(self, line, part, keys):
        check(self.head is not None and signed(line, self.header["public_keys"][:1]))
        check(line["header"] == H(message(self.header)).hex() and line["last_head"] == H(message(self.head)).hex())
        check((line["entries"], line["heads"], line["chains"]) == (self.entries, self.heads, len(self.chains)))
        check(line["root"] == self.head["root"] and (part or self.head["size"] == self.entries))
        self.footer = line
    def agrees(self, witness, keys):
        """Section 7; a head of another size than that of the export of one chain cannot be compared without a proof."""
        if not signed(witness, keys or self.header["public_keys"]): return False
        if (witness["log_id"], witness["suite"]) != (self.header["log_id"], self.header["suite"]): return False
        if self.header["chain"] is not None:
            return (witness["size"], witness["root"]) == (self.head["size"], self.head["root"])
        return witness["size"] <= self.entries and self.roots[witness["size"]].hex() == witness["root"]

FAULTS = (ValueError, KeyError, TypeError, struct.error, RecursionError)
def verify(data, keys=(), witnesses=()):
    """Number of the line of the first fault, "witness", or None for an intact export."""
    lines, export = data.split(b"\n"), Export()
    for number, text in enumerate(lines, 1):
        if number == len(lines):
            if text or export.footer is None: return number
            return None if all(export.agrees(witness, keys) for witness in witnesses) else "witness"
        try: export.line(text, keys)
        except FAULTS: return number

def vectors(v):
    unhex = lambda texts: [bytes.fromhex(text) for text in texts]
    for c in v["encodings"]: assert encode(parse(c["json"])).hex() == c["encoding"], c
    for c in v["links"]: assert H(b"\2", bytes.fromhex(c["prev"]), encode(parse(c["entry"]))).hex() == c["link"], c
    m, leaves = v["merkle"], unhex(v["merkle"]["leaves"])
    roots = [root(leaves[:n]) for n in range(9)]
    assert [r.hex() for r in roots] == m["roots"]
    for c in m["inclusion"]:
        i, n, path = c["index"], c["size"], unhex(c["proof"])
        assert included(H(b"\0", leaves[i]), i, n, roots[n], path) and not included(H(b"\0", leaves[i]), i, n, roots[n], path + [H()]), c
    for c in m["consistency"]:
        old, new, path = c["old"], c["new"], unhex(c["proof"])
        assert consistent(old, roots[old], new, roots[new], path) and not consistent(old, H(b"?"), new, roots[new], path), c
    head = parse(v["head"]["line"])
    assert (message(head).hex(), H(message(head)).hex()) == (v["head"]["message"], v["head"]["hash"]) and signed(head, [v["head"]["public_key"]])
    assert not signed({**head, "size": head["size"] + 1}, [v["head"]["public_key"]])
    assert H(b"\4", bytes.fromhex(v["digest"]["salt"]), v["digest"]["text"].encode()).hex() == v["digest"]["digest"]
    exported = lambda lines: "".join(line + "\n" for line in lines).encode()
    assert verify(exported(v["export"])) is None and verify(exported(v["export_of_one_chain"])) is None
    for c in v["broken"]: assert verify(exported(c["export"])) == c["line"], c["what"]
    old, new = (parse(line) for line in v["export"] if parse(line)["type"] == "head")
    assert consistent(old["size"], bytes.fromhex(old["root"]), new["size"], bytes.fromhex(new["root"]), unhex(v["consistency_of_heads"]))

if __name__ == "__main__":
    what, *files = sys.argv[1:]
    options = {"--key": [], "--witness": []}
    while any(name in files for name in options):
        at = next(i for i, name in enumerate(files) if name in options)
        options[files[at]].append(files[at + 1])
        del files[at:at + 2]
    if what == "vectors":
        for path in files: vectors(json.load(open(path, encoding="utf-8")))
        sys.exit(print("all vectors hold"))
    kept = [line for path in options["--witness"] for line in open(path, encoding="utf-8").read().splitlines()]
    found = [verify(open(path, "rb").read(), options["--key"], list(map(parse, kept))) for path in files]
    for fault in found: print({None: "intact", "witness": "witness"}.get(fault, f"line {fault}"))
    sys.exit(any(fault is not None for fault in found))
