"""Files that strangers craft, for the tests of what may be kept."""

import io
import re
import struct
import zipfile
import zlib

from PIL import Image

from odoo.tools.pdf import PdfFileReader, PdfFileWriter

from ..common import JoiningCase

MEGABYTE = 1024 * 1024
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
picture, pdf = JoiningCase._picture, JoiningCase._pdf
SCRIPT = b"<</S/JavaScript/JS(HARM)>>"


def archive(name="HARM.txt", text=b"hello"):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as handle:
        handle.writestr(name, text)
    return target.getvalue()


def stream(content, entries=b""):
    head = b"<<%s/Length %d>>" % (entries, len(content))
    return head + b"\nstream\n%s\nendstream" % content


#: What every crafted page shows: a word in a font, and a red dot.
SHOWN = stream(b"BT /F1 9 Tf 1 1 Td (shown) Tj ET /Dot Do /X Do")
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
DOT = stream(
    b"\xff\0\0",
    b"/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceRGB"
    b"/BitsPerComponent 8",
)


def pdf_with(catalog=b"", page=b"", objects=(), content=SHOWN, xobject=b""):
    """Return a PDF of one page that shows something, with more in it.

    :param objects: further objects, numbered from 7 on
    :param xobject: an entry of the page's resources
    """
    resources = b"<</Font<</F1 5 0 R>>/XObject<</Dot 6 0 R%s>>>>" % xobject
    body, offsets = b"%PDF-1.7\n", []
    for number, text in enumerate(
        (
            b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
            b"<</Type/Pages/Kids[3 0 R]/Count 1/Rotate 90>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R"
            b"/Resources %s%s>>" % (resources, page),
            content,
            FONT,
            DOT,
            *objects,
        ),
        1,
    ):
        offsets.append(b"%010d 00000 n \n" % len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    size = len(offsets) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n" % size + b"".join(offsets)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return body + table + end % (size, len(body))


def packed_pdf(kind=b"/ObjStm", compressed=True, item=SCRIPT):
    """Return a PDF with a packed object, found by its own table."""
    header = b"4 0 "
    text = header + item
    filters = b""
    if compressed:
        text, filters = zlib.compress(text, 9), b"/Filter/FlateDecode"
    return _with_packed(
        stream(text, b"/Type%s/N 1/First %d%s" % (kind, len(header), filters))
    )


def wrongly_paired_pdf(count=60_000):
    """Return a small PDF whose packed objects are all the same large one."""
    numbers = [4, *range(7, count + 6)]
    header = b" ".join(b"%d 0" % number for number in numbers) + b" "
    text = zlib.compress(header + b"[" + b"0 " * 200_000 + b"]", 9)
    entries = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (count, len(header))
    return _with_packed(stream(text, entries), count - 1)


def blanks(megabytes, before=b""):
    """Return a few bytes that unpack to so many megabytes of blanks."""
    packing = zlib.compressobj(9)
    start = packing.compress(before) + packing.flush(zlib.Z_FULL_FLUSH)
    # each megabyte stands for itself, so that they can be repeated
    megabyte = packing.compress(b" " * MEGABYTE) + packing.flush(zlib.Z_FULL_FLUSH)
    return start + megabyte * megabytes + packing.flush()


def packed_bomb():
    """Return a PDF of 2 MB whose packed objects unpack to 2 GB."""
    text = blanks(2000, b"4 0 <<>>")
    return _with_packed(stream(text, b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode"))


def pdf_bomb():
    """Return a PDF whose page unpacks to 256 MB."""
    return pdf_with(content=stream(blanks(256), b"/Filter/FlateDecode"))


def nested_pdf():
    """Return a PDF of 7 KB with a stream of 8 GB, packed three times."""
    packed = zlib.compress(zlib.compress(blanks(8000), 9), 9)
    return pdf_with(content=stream(packed, b"/Filter[%s]" % (b"/FlateDecode" * 3)))


def noted_pdf(count=20_000):
    """Return a PDF of one page with so many notes that look the same."""
    look = stream(b"0 0 1 1 re f", b"/Type/XObject/Subtype/Form/BBox[0 0 1 1]")
    note = b"<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]/AP<</N 7 0 R>>>>"
    return pdf_with(page=b"/Annots[%s]" % (note * count), objects=[look])


def _with_packed(packed, more=0):
    """Return a PDF that opens with object 4, which is packed in object 5."""
    body = b"%PDF-1.7\n"
    offsets = {}
    for number, item in (
        (1, b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>"),
        (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>"),
        (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources 4 0 R>>"),
        (5, packed),
    ):
        offsets[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    rows = [(0, 0, 255)]
    rows += [(1, offsets[number], 0) for number in (1, 2, 3)]
    rows += [(2, 5, 0), (1, offsets[5], 0), (1, len(body), 0)]
    rows += [(2, 5, number) for number in range(1, more + 1)]
    table = zlib.compress(b"".join(struct.pack(">BIH", *row) for row in rows))
    entries = b"/Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Filter/FlateDecode" % len(rows)
    start = len(body)
    body += b"6 0 obj\n%s\nendobj\n" % stream(table, entries)
    return body + b"startxref\n%d\n%%%%EOF\n" % start


def commented_pdf():
    """Return a PDF whose catalogue stands between words that look like a stream's."""
    whole = pdf_with(b"/OpenAction" + SCRIPT)
    start, stop = whole.index(b"1 0 obj"), whole.index(b"2 0 obj")
    shifted = b"%stream\n" + whole[start:stop] + b"%\nendstream\n"
    moved = len(shifted) - (stop - start)
    body = whole[:start] + shifted + whole[stop:]
    table = body.rindex(b"xref\n0")
    offsets = [int(n) for n in re.findall(rb"(\d{10}) 00000 n", body)]
    offsets = [offsets[0] + 8, *(n + moved for n in offsets[1:])]
    text = b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    text += b"".join(b"%010d 00000 n \n" % n for n in offsets)
    end = b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return body[:table] + text + end % (len(offsets) + 1, table)


def encrypted_pdf(password="secret"):
    writer = PdfFileWriter()
    for page in PdfFileReader(io.BytesIO(pdf())).pages:
        writer.add_page(page)
    writer.encrypt(password, "owner")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def png_bomb(width=30_000, height=30_000):
    """Return a small file that says to be a picture of so many pixels."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


def saved(image, kind, **options):
    """Return the bytes of a picture."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def large_picture(kind, size, mode="RGB"):
    """Return a black picture's bytes."""
    return saved(Image.new(mode, size), kind)
