#!/usr/bin/env python3
"""Reads a recording of tracer, written from FORMAT.md and BLOCK.md alone.

Prints one JSON object a line: the header's facts, with --json every record's fields (with --records
every record's bytes, in hex, instead), keyframes and notes where they stand, and totals. Damage goes
to standard error, with its offset. Exit code 0; 4 where something is damaged or missing; 2 where
the file cannot be read at all.
"""
import argparse
import ctypes
import ctypes.util
import json
import struct
import sys

import block

HEADER, ALIGN, MOST, VERSION = 4096, 64, 16 << 20, 1
SCHEMA, COVERAGE, EVENTS, KEYFRAME, INDEX, END, NOTE = range(1, 8)


class Refused(Exception):
    """The file cannot be read."""


class Bad(Exception):
    """A part of it cannot be used."""


def crc_table():
    """CRC-32C (Castagnoli), reflected."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC = crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def lz4(data, length):
    """Decompresses lz4's block format: literals, then a copy of what came before, and again."""
    out, at = bytearray(), 0

    def count(first):
        nonlocal at
        total = first
        while first == 15:
            total += data[at]
            at += 1
            if data[at - 1] != 255:
                break
        return total

    while at < len(data):
        token = data[at]
        at += 1
        literals = count(token >> 4)
        out += data[at:at + literals]
        at += literals
        if at >= len(data):
            break
        distance = data[at] | data[at + 1] << 8
        at += 2
        size = count(token & 15) + 4
        if not 0 < distance <= len(out) or len(out) + size > length:
            raise Bad("a copy reaches out of the block")
        for _ in range(size):
            out.append(out[-distance])
    return bytes(out)


def zstd(data, length):
    """Decompresses one zstd frame, by the package if it is there, else by the system's library."""
    try:
        import zstandard
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=length)
    except ImportError:
        pass
    lib = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
    lib.ZSTD_decompress.restype = ctypes.c_size_t
    lib.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t] * 2
    out = ctypes.create_string_buffer(max(length, 1))
    got = lib.ZSTD_decompress(out, length, data, len(data))
    if got > length:
        raise Bad("zstd refuses it")
    return out.raw[:got]


def unpack(codec, payload, length):
    """A payload as it was before its compression."""
    if length > MOST:
        raise Bad("it claims to be too large")
    plain = {0: lambda data, _: data, 1: lambda data, _: data, 2: lz4, 3: zstd}.get(codec)
    if plain is None:
        raise Bad(f"its codec {codec} is not known")
    try:
        data = plain(payload, length)
    except IndexError:
        raise Bad("it is cut") from None
    if len(data) != length:
        raise Bad("it has another length than it claims")
    return data


class Take:
    """Values from the front of bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def __call__(self, form):
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values if len(values) > 1 else values[0]

    def bytes(self):
        size = self("I")
        if self.at + size > len(self.data):
            raise struct.error("a text is cut")
        self.at += size
        return self.data[self.at - size:self.at]

    def text(self):
        return self.bytes().decode("utf-8", "replace")


def read_header(data):
    """The header's facts."""
    if data[:8] != b"tracer\x1a\n":
        raise Refused("it is no recording of tracer")
    if len(data) < HEADER or crc32c(data[:4092]) != struct.unpack_from("<I", data, 4092)[0]:
        raise Refused("its header is cut or damaged")
    version, wire, length, compatible, incompatible = struct.unpack_from("<HHIQQ", data, 8)
    if version > VERSION:
        raise Refused(f"its format is version {version}")
    if incompatible:
        raise Refused(f"it uses features that are not known: {incompatible:#x}")
    part, history, first, start, wall, boot, mono, cpus, pid_max, flags = struct.unpack_from(
        "<IIQQQQQIII", data, 48)
    text = lambda a, b: data[a:b].split(b"\0")[0].decode("utf-8", "replace")
    return {
        "type": "header", "version": version, "wire": wire, "compatible": compatible,
        "run": data[32:48].hex(), "part": part, "history": history, "first_seq": first,
        "start": start, "wall_ns": wall, "boot_ns": boot, "mono_ns": mono, "cpus": cpus,
        "pid_max": pid_max, "command": bool(flags & 1), "boot_id": text(128, 192),
        "release": text(192, 448), "host": text(448, 704),
    }


def read_frames(data, run):
    """The frames: offset, head, payload; instead of a head, what is wrong."""
    names = ("kind codec zero length events raw first_seq first_ts last_ts lost payload_crc crc")

    def head_at(at):
        if data[at:at + 4] != b"TRfr" or len(data) < at + ALIGN:
            return None
        head = dict(zip(names.split(), struct.unpack_from("<BBHIIQQQQQII", data, at + 4)))
        holds = crc32c(run + data[at:at + 60]) == head["crc"] and head["length"] <= MOST
        return head if holds else None

    at = HEADER
    while at < len(data):
        head, begin, wrong = head_at(at), at, "no frame starts here"
        if head:
            payload = data[at + ALIGN:at + ALIGN + head["length"]]
            if len(payload) == head["length"] and crc32c(payload) == head["payload_crc"]:
                yield at, head, payload
                at += (ALIGN + head["length"] + ALIGN - 1) // ALIGN * ALIGN
                continue
            wrong = "the payload of this frame is damaged or cut"
        at += ALIGN
        while at < len(data) and not head_at(at):
            at += ALIGN
        yield begin, None, wrong


def read_coverage(data):
    take = Take(data)
    flags, hidden, count = take("BII")
    hooks = []
    for _ in range(count):
        hook = {"fact": take.text(), "place": take.text(), "plan": take.text()}
        refused, why = take("B"), take.text()
        hooks.append(hook | ({"refused": why} if refused else {}))
    bits = ("group_dead", "pid_ino", "ns_id")
    seen = {name: bool(flags >> bit & 1) for bit, name in enumerate(bits)}
    return seen | {"hidden_tasks": hidden, "hooks": hooks}


def read_note(data):
    take = Take(data)
    what = take("I")
    if what == 1:
        pid, start, count = take("iQI")
        words = [take.bytes().decode("utf-8", "backslashreplace") for _ in range(count)]
        return {"type": "command", "pid": pid, "start": start, "words": words}
    if what == 2:
        return {"type": "ended", "status": take("i")}
    if what == 3:
        return {"type": "changed", "how": take.bytes().decode("utf-8", "backslashreplace")}
    return {"type": "note", "what": what}


class Reading:
    """One pass over a file."""

    def __init__(self, data, form):
        self.header = read_header(data)
        self.data, self.form, self.schema = data, form, None
        self.expected, self.damages, self.missing, self.events = self.header["first_seq"], 0, 0, 0
        self.parts, self.ended = [], False

    def say(self, what):
        print(json.dumps(what, ensure_ascii=True))

    def damage(self, at, why):
        self.damages += 1
        print(f"damage at byte {at}: {why}", file=sys.stderr)

    def run(self):
        self.say(self.header)
        for at, head, payload in read_frames(self.data, self.data[32:48]):
            if head is None:
                self.damage(at, payload)
                continue
            try:
                self.frame(head, payload)
            except (Bad, block.Bad, struct.error, IndexError) as error:
                self.damage(at, str(error))
        if not self.ended:
            self.damage(len(self.data), "the file ends without an end frame")
        self.say({"type": "totals", "events": self.events, "missing": self.missing,
                  "damages": self.damages})
        return 4 if self.damages or self.missing else 0

    def frame(self, head, payload):
        kind = head["kind"]
        if kind not in (SCHEMA, COVERAGE, INDEX):
            if head["first_seq"] < self.expected:
                raise Bad("its records come twice")
            self.missing += head["first_seq"] - self.expected
            self.expected = head["first_seq"]
        plain = unpack(head["codec"], payload, head["raw"]) if kind in range(1, 8) else b""
        if kind == SCHEMA:
            self.schema = block.Schema(plain)
        elif kind == COVERAGE:
            self.say({"type": "coverage"} | read_coverage(plain))
        elif kind == EVENTS:
            self.records(head, plain)
        elif kind == KEYFRAME:
            self.keyframe(head, plain)
        elif kind == NOTE:
            self.say(read_note(plain))
        elif kind == END:
            names = ("why", "index", "events", "lost", "raw", "digest")
            end = dict(zip(names, struct.unpack_from("<6Q", plain)))
            self.say({"type": "end"} | end | {"digest": f"{end['digest']:016x}"})
            self.ended = True

    def records(self, head, plain):
        if head["codec"] == 0:
            found = block.raw(plain)
        elif self.schema is None:
            raise Bad("the schema of these records is missing")
        else:
            found = self.schema.block(plain, head["events"])
        if len(found) != head["events"]:
            raise Bad("it has another number of records than it claims")
        self.expected += len(found)
        self.events += len(found)
        for record in found:
            if self.form == "records":
                print(record.hex())
            elif self.form == "json":
                self.say(self.schema.fields(record))

    def keyframe(self, head, plain):
        part, parts, digest = struct.unpack_from("<IIQ", plain)
        if part != len(self.parts) or part >= parts:
            self.parts = []
            raise Bad("a part of a keyframe does not belong here")
        self.parts.append(plain[16:])
        if part + 1 == parts:
            size, self.parts = sum(map(len, self.parts)), []
            self.say({"type": "keyframe", "seq": head["first_seq"], "ts": head["last_ts"],
                      "bytes": size, "digest": f"{digest:016x}"})


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file")
    options.add_argument("--records", dest="form", action="store_const", const="records")
    options.add_argument("--json", dest="form", action="store_const", const="json")
    options = options.parse_args()
    try:
        with open(options.file, "rb") as file:
            return Reading(file.read(), options.form).run()
    except (OSError, Refused) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
