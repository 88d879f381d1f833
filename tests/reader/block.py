"""Blocks of records and the schema that describes them, written from BLOCK.md alone."""
import struct

SPARSE = 0x40
WIDTHS = (1, 2, 4, 8, 4, 8, 16)  # u8 u16 u32 u64 i32 i64 text
ZERO, PREVIOUS, SAME, KEYED, RECENT = range(5)
THROUGH = 3  # of a slot's guesses
NONE = 255
SHARED = 4  # ts, seq, cpu and kind: the fields that every record begins with


class Bad(Exception):
    """A block or a schema cannot be read."""


def raw(data):
    """The records of codec 0: each behind its length, padded to a multiple of 8."""
    found, at = [], 0
    while at < len(data):
        size, = struct.unpack_from("<I", data, at)
        if at + 4 + size > len(data):
            raise Bad("a record is cut")
        found.append(data[at + 4:at + 4 + size])
        at += (4 + size + 7) // 8 * 8
    return found


def wrap(value, bits=64):
    """A number as 64-bit signed, or as its lowest bits."""
    value &= (1 << bits) - 1
    return value - (1 << 64) if bits == 64 and value >> 63 else value


class Cursor:
    """Numbers from the front of bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        if size < 0 or self.at + size > len(self.data):
            raise Bad("it is cut")
        self.at += size
        return self.data[self.at - size:self.at]

    def u8(self):
        return self.take(1)[0]

    def u16(self):
        return int.from_bytes(self.take(2), "little")

    def varint(self):
        value, shift = 0, 0
        while shift < 64:
            byte = self.u8()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
        raise Bad("a number is too long")

    def signed(self):
        value = self.varint()
        return wrap(value >> 1 ^ -(value & 1))

    def text(self):
        return self.take(self.u8()).decode("ascii")

    def list(self, entry):
        return [entry() for _ in range(self.u8())]


class Columns:
    """The meta and the data of a block, side by side."""

    def __init__(self, meta, data):
        self.meta, self.data = Cursor(meta), Cursor(data)

    def column(self, count, differences=False):
        tag = self.meta.u8()
        low = self.meta.signed() if tag & 0x10 else 0
        base = self.meta.signed() if tag & 0x20 else 0
        if tag & SPARSE:
            numbers, size, at = [low] * count, self.meta.varint(), 0
            for gap, value in zip(self.column(size), self.column(size)):
                at += gap
                if not 0 <= at < count:
                    raise Bad("a sparse column reaches too far")
                numbers[at] = value
                at += 1
        else:
            planes = [self.data.take(count) for _ in range(tag & 15)]
            numbers = [wrap(low + int.from_bytes(bytes(cells), "little"))
                       for cells in zip(*planes)] if planes else [low] * count
        if differences:
            for index, number in enumerate(numbers):
                base = wrap(base + number)
                numbers[index] = base
        return numbers


class Schema:
    """What a file says of its records."""

    def __init__(self, data):
        cursor = Cursor(data)
        if cursor.u8() != 1:
            raise Bad("the schema is of another version")
        self.version = cursor.u16()
        self.classes = cursor.list(lambda: (cursor.text(), cursor.u8()))
        self.slots = cursor.list(lambda: self.read_slot(cursor))
        self.forms = cursor.list(lambda: self.read_form(cursor))
        kinds = cursor.list(lambda: self.read_kind(cursor))
        self.kinds = {kind["kind"]: kind for kind in kinds}
        counts = [slot["elements"] for slot in self.slots]
        self.first = [sum(counts[:index]) for index in range(len(counts))]

    @staticmethod
    def read_slot(cursor):
        name, key, value, elements = cursor.text(), cursor.u8(), cursor.u8(), cursor.u8()
        guess = cursor.u8()
        slots = [cursor.u8() for _ in range({SAME: 1, THROUGH: 2}.get(guess, 0))]
        return {"name": name, "key": key, "value": value, "elements": elements,
                "guess": guess, "slots": slots}

    @staticmethod
    def read_field(cursor):
        name, offset, kind, elements = cursor.text(), cursor.varint(), cursor.u8(), cursor.u8()
        return {"name": name, "offset": offset, "type": kind, "elements": elements}

    def read_form(self, cursor):
        form = {"name": cursor.text(), "size": cursor.varint()}
        form["fields"] = cursor.list(lambda: self.read_field(cursor))
        form["tail"], form["item"] = cursor.u8(), []
        if form["tail"] == 1:
            form |= {name: cursor.u8() for name in ("count", "bytes", "short", "long")}
            form["item"] = cursor.list(lambda: self.read_field(cursor))
        elif form["tail"] == 2:
            form |= {"lens": cursor.list(cursor.u8), "most": cursor.varint()}
        return form

    def read_kind(self, cursor):
        kind, form = cursor.u16(), self.forms[cursor.u8()]
        return {"kind": kind, "form": form, "plans": cursor.list(lambda: self.read_plan(cursor))}

    @staticmethod
    def read_plan(cursor):
        plan = {"field": cursor.u8(), "class": cursor.u8(), "op": cursor.u8() & 0x7F}
        if plan["op"] in (SAME, KEYED):
            plan["other"] = cursor.u8()
            plan["slot"] = cursor.u8() if plan["op"] == KEYED else None
        elif plan["op"] == RECENT:
            plan["kind"], plan["other"] = cursor.u16(), cursor.u8()
        return plan

    def block(self, plain, count):
        """The records of a plain block."""
        return Decoder(self, plain, count).records()

    def fields(self, record):
        """A record's fields by name; what has no known form is only its bytes."""
        kind = int.from_bytes(record[14:16], "little") if len(record) >= 16 else None
        if kind not in self.kinds or len(record) < self.kinds[kind]["form"]["size"]:
            return {"type": "record", "bytes": record.hex()}
        form = self.kinds[kind]["form"]
        found, tail = {"type": "record", "form": form["name"]}, record[form["size"]:]
        found |= {field["name"]: value(record, field) for field in form["fields"]}
        if form["tail"] == 1:
            size, count = form["bytes"], value(record, form["fields"][form["count"]]) + 1
            found["items"] = [{field["name"]: value(tail[at:], field) for field in form["item"]}
                              for at in range(0, len(tail) - size + 1, size)][:count]
        elif form["tail"] == 2:
            found["text"] = tail.decode("utf-8", "backslashreplace")
        return found


def value(data, field):
    """What a field of a record says."""
    code, at, count = "BHIQiq"[field["type"]:][:1], field["offset"], field["elements"]
    if not code:
        return data[at:at + 16].split(b"\0")[0].decode("utf-8", "backslashreplace")
    values = struct.unpack_from(f"<{count}{code}", data, at)
    return values[0] if count == 1 else list(values)


class Decoder:
    """Decodes one block."""

    def __init__(self, schema, plain, count):
        head = Cursor(plain)
        meta_len, data_len = head.varint(), head.varint()
        self.columns = Columns(head.take(meta_len), head.take(data_len))
        self.text = Cursor(plain[head.at:])
        self.schema, self.count = schema, count

    def records(self):
        meta = self.columns.meta
        if meta.varint() != self.count:
            raise Bad("it has another number of records than it claims")
        parts = []
        for _ in range(meta.varint()):
            kind = meta.varint()
            parts.append({"kind": kind, "extent": meta.varint() if kind else 0, "rows": []})
        which = self.columns.column(self.count)
        rows = [{"part": parts[part]} for part in which]
        for row in rows:
            row["part"]["rows"].append(row)
        self.read_ring([row for row in rows if row["part"]["kind"]])
        self.read_objects()
        self.read_tables()
        for part in parts:
            if part["kind"]:
                self.read_part(part, self.schema.kinds[part["kind"]])
        for part in parts:
            if part["kind"] == 0:
                for row, size in zip(part["rows"], self.columns.column(len(part["rows"]))):
                    row["size"] = size
        for part in sorted(parts, key=lambda part: part["kind"] == 0):
            for row in part["rows"]:
                row["bytes"] = self.write(row, part)
        if meta.at != len(meta.data) or self.columns.data.at != len(self.columns.data.data):
            raise Bad("bytes follow its columns")
        return [row["bytes"] for row in rows]

    def read_ring(self, rows):
        """Time, CPU and sequence number; the last record of each kind on the same CPU."""
        meta = self.columns.meta
        cpus = [[meta.varint(), meta.varint()] for _ in range(meta.varint())]
        ts = meta.varint()
        times, where, above = (self.columns.column(len(rows)) for _ in range(3))
        latest = {}
        for row, time, cpu, number in zip(rows, times, where, above):
            ts = (ts + time) & (1 << 64) - 1
            seq = wrap(cpus[cpu][1] + number, 32)
            cpus[cpu][1] = wrap(seq + 1, 32)
            row["front"] = struct.pack("<QIHH", ts, seq, cpus[cpu][0], row["part"]["kind"])
            row["latest"] = dict(latest.get(cpu, {}))
            latest.setdefault(cpu, {})[row["part"]["kind"]] = row

    def read_objects(self):
        """The values of each class's objects."""
        self.objects = []
        for _, width in self.schema.classes:
            values = [bytes(width)]
            count = self.columns.meta.varint()
            for back in self.columns.column(count) if count else ():
                if back > len(values) or back < 0:
                    raise Bad("an object is of one that is none")
                values.append(values[-back] if back else self.columns.data.take(width))
            self.objects.append(values)

    def read_tables(self):
        """What each table says of its objects."""
        schema, self.tables = self.schema, {}
        slots = [slot for slot in schema.slots for _ in range(slot["elements"])]
        for _ in range(self.columns.meta.varint()):
            table, count = self.columns.meta.varint(), self.columns.meta.varint()
            slot = slots[table]
            said = [0] + self.columns.column(count, slot["guess"] == PREVIOUS)
            for index in range(1, count + 1):
                if slot["guess"] == SAME:
                    said[index] = wrap(said[index] + self.says(slot["slots"][0], 0, index))
                elif slot["guess"] == THROUGH:
                    there = self.says(slot["slots"][0], 0, index)
                    said[index] = wrap(said[index] + self.says(slot["slots"][1], 0, there))
            self.tables[table] = said

    def says(self, slot, element, index):
        said = self.tables.get(self.schema.first[slot] + element, ())
        return said[index] if 0 <= index < len(said) else 0

    def read_part(self, part, kind):
        """The values of a part's columns: of each field its elements, or those of each item."""
        form, rows = kind["form"], part["rows"]
        fixed = len(form["fields"])
        for row in rows:
            row["values"], row["items"] = {}, []
        for plan in kind["plans"]:
            if plan["field"] < fixed:
                field = form["fields"][plan["field"]]
                for element in range(field["elements"]):
                    self.read_column(plan, field, rows, element, None)
        if form["tail"] != 1:
            return
        for item in range(part["extent"]):
            there = [row for row in rows if item <= row["values"][form["count"]][0]]
            if self.columns.meta.varint() != len(there):
                raise Bad("an item has another number of rows")
            for row in there:
                row["items"].append({})
            for plan in kind["plans"]:
                if plan["field"] >= fixed:
                    field = form["item"][plan["field"] - fixed]
                    for element in range(field["elements"]):
                        self.read_column(plan, field, there, element, item)

    def read_column(self, plan, field, rows, element, item):
        numbers = self.columns.column(len(rows), plan["op"] == PREVIOUS)
        bits = 32 if plan["class"] != NONE else 8 * WIDTHS[field["type"]]
        for row, number in zip(rows, numbers):
            found = wrap(number + self.guess(plan, row, element, item), bits)
            if plan["class"] != NONE and found >= len(self.objects[plan["class"]]):
                raise Bad("it names an object that it does not have")
            if field["type"] == 4 and plan["class"] == NONE and found >> 31:
                found -= 1 << 32
            into = row["values"] if item is None else row["items"][item]
            into.setdefault(plan["field"], []).append(found)

    @staticmethod
    def pick(values, element):
        """The element of an array, or the one value there is."""
        return values[element] if element < len(values) else values[0]

    def guess(self, plan, row, element, item):
        if plan["op"] in (ZERO, PREVIOUS):
            return 0
        if plan["op"] == RECENT:
            other = row["latest"].get(plan["kind"])
            return self.pick(other["values"][plan["other"]], element) if other else 0
        near = row["values"] if item is None else row["values"] | row["items"][item]
        other = self.pick(near[plan["other"]], element)
        if plan["op"] == SAME:
            return other
        # A slot with one table has it for all items.
        number = 0 if self.schema.slots[plan["slot"]]["elements"] == 1 else \
            element if item is None else item
        return self.says(plan["slot"], number, other)

    def write(self, row, part):
        """The bytes of a record."""
        if part["kind"] == 0:
            return self.text.take(row["size"])
        kind = self.schema.kinds[part["kind"]]
        form, classes = kind["form"], {plan["field"]: plan["class"] for plan in kind["plans"]}
        out = bytearray(row["front"].ljust(form["size"], b"\0"))

        def put(values, number, field, base):
            width = WIDTHS[field["type"]]
            for element, found in enumerate(values):
                at = base + field["offset"] + element * width
                if classes[number] != NONE:
                    out[at:at + width] = self.objects[classes[number]][found]
                else:
                    out[at:at + width] = wrap(found, 8 * width).to_bytes(width, "little") \
                        if width < 8 else struct.pack("<q", wrap(found))

        for number, field in enumerate(form["fields"][SHARED:], SHARED):
            put(row["values"][number], number, field, 0)
        if form["tail"] == 1:
            room = form["short"] if len(row["items"]) <= form["short"] else form["long"]
            out += bytes(room * form["bytes"])
            for index, values in enumerate(row["items"]):
                for number, field in enumerate(form["item"], len(form["fields"])):
                    put(values[number], number, field, form["size"] + index * form["bytes"])
        elif form["tail"] == 2:
            out += self.text.take(sum(row["values"][field][0] for field in form["lens"]))
        return bytes(out)
