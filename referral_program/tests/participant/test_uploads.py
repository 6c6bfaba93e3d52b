"""Uploads: what may be kept, and what strangers try to pass off as a document."""

import io
import re
import struct
import time
import zipfile
import zlib

from PIL import Image, PngImagePlugin

from odoo.tests import BaseCase, tagged
from odoo.tools.pdf import PdfFileReader, PdfFileWriter

from ...tools import uploads
from ...tools.uploads import UploadRefused, check_upload
from ..common import JoiningCase

MEGABYTE = 1024 * 1024
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
picture, pdf = JoiningCase._picture, JoiningCase._pdf


def archive(name="a.txt", text=b"hello"):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as handle:
        handle.writestr(name, text)
    return target.getvalue()


def pdf_with(objects):
    """Return a PDF with something in its catalogue, and further objects."""
    body = b"%PDF-1.7\n"
    offsets = []
    for number, text in enumerate(
        (
            b"<</Type/Catalog/Pages 2 0 R " + objects[0] + b">>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        ),
        1,
    ):
        offsets.append(b"%010d 00000 n \n" % len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    for further in objects[1:]:
        body += further + b"\n"
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(offsets)
    trailer = b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + table + trailer


def packed_pdf(kind=b"/ObjStm", compressed=True):
    """Return a PDF whose packed object has a script, found by its own table."""
    header = b"4 0 "
    text = header + b"<</S/JavaScript/JS(1)>>"
    filters = b""
    if compressed:
        text, filters = zlib.compress(text), b"/Filter/FlateDecode"
    body = b"%PDF-1.7\n"
    offsets = {}
    for number, item in (
        (1, b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>"),
        (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>"),
        (3, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"),
        (
            5,
            b"<</Type%s/N 1/First %d%s/Length %d>>\nstream\n%s\nendstream"
            % (kind, len(header), filters, len(text), text),
        ),
    ):
        offsets[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    rows = [(0, 0, 255)]
    rows += [(1, offsets[number], 0) for number in (1, 2, 3)]
    rows += [(2, 5, 0), (1, offsets[5], 0), (1, len(body), 0)]
    table = b"".join(struct.pack(">BIB", *row) for row in rows)
    start = len(body)
    body += (
        b"6 0 obj\n<</Type/XRef/Size 7/W[1 4 1]/Root 1 0 R/Length %d>>\nstream\n"
        b"%s\nendstream\nendobj\n" % (len(table), table)
    )
    return body + b"startxref\n%d\n%%%%EOF\n" % start


def streamed_archive():
    """Return a PDF with an archive in a stream."""
    zipped = archive()
    stream = b"4 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj"
    return pdf_with([b"", stream % (len(zipped), zipped)])


def packed_events():
    """Return a PDF whose packed object has events instead of a script."""
    script = b"<</S/JavaScript/JS(1)>>"
    events = b"<</AA<</O 2 0 R>>  >>".ljust(len(script))
    return packed_pdf(compressed=False).replace(script, events)


def commented_pdf():
    """Return a PDF whose catalogue stands between words that look like a stream's."""
    whole = pdf_with([b"/OpenAction<</S/JavaScript/JS(1)>>"])
    start = whole.index(b"1 0 obj")
    stop = whole.index(b"2 0 obj")
    shifted = b"%stream\n" + whole[start:stop] + b"%\nendstream\n"
    moved = len(shifted) - (stop - start)
    body = whole[:start] + shifted + whole[stop:]
    table = body.index(b"xref\n")
    entries = [int(n) for n in re.findall(rb"(\d{10}) 00000 n", body)]
    entries = [entries[0] + 8, *(n + moved for n in entries[1:])]
    text = b"xref\n0 4\n0000000000 65535 f \n"
    text += b"".join(b"%010d 00000 n \n" % n for n in entries)
    return (
        body[:table]
        + text
        + b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % table
    )


def encrypted_pdf():
    writer = PdfFileWriter()
    for page in PdfFileReader(io.BytesIO(pdf())).pages:
        writer.add_page(page)
    writer.encrypt("secret")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def png_bomb():
    """Return a small file that says to be a picture of 30,000 by 30,000 pixels."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


def pdf_bomb():
    zeros = zlib.compress(b"\0" * (64 * MEGABYTE), 9)
    stream = b"<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj"
    objects = [
        b"%d 0 obj\n" % number + stream % (len(zeros), zeros) for number in range(5, 9)
    ]
    return pdf_with([b"", *objects])


#: What is refused: a name for the test's output, the bytes, the reason.
HOSTILE = [
    ("nothing", b"", "empty"),
    ("text", b"hello", "type"),
    ("page", b"<html><script>alert(1)</script></html>", "type"),
    ("vector picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "type"),
    ("XML", b"<?xml version='1.0'?><a/>", "type"),
    ("archive", archive(), "type"),
    ("Word document", archive("word/document.xml"), "type"),
    ("RAR", b"Rar!\x1a\x07\x00" + b"x" * 90, "type"),
    ("7z", b"7z\xbc\xaf\x27\x1c" + b"x" * 90, "type"),
    ("gzip", b"\x1f\x8b\x08" + b"x" * 90, "type"),
    ("Windows program", b"MZ" + b"\0" * 90, "type"),
    ("Linux program", b"\x7fELF" + b"\0" * 90, "type"),
    ("shell script", b"#!/bin/sh\nrm -rf /\n", "type"),
    ("PHP", b"<?php system($_GET[0]);", "type"),
    ("PostScript", b"%!PS-Adobe-3.0\n", "type"),
    ("GIF", picture("GIF"), "type"),
    ("BMP", picture("BMP"), "type"),
    ("TIFF", b"II*\0" + b"\0" * 90, "type"),
    ("WebP", b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 90, "type"),
    ("PDF after a page", b"<script>1</script>" + pdf(), "type"),
    ("PDF after a line", b"\n" + pdf(), "type"),
    ("PDF without an end", pdf()[:-60], "broken"),
    ("PDF of nothing", b"%PDF-1.4\n%%EOF\n", "broken"),
    ("PDF without pages", b"%PDF-1.4\ntrailer<</Root 1 0 R>>\n%%EOF\n", "broken"),
    ("PDF with an archive behind it", pdf() + archive(), "foreign"),
    ("PDF with a page behind it", pdf() + b"<script>1</script>", "foreign"),
    ("PDF with a page inside", pdf_with([b"", b"% <SCRIPT>1</script>"]), "foreign"),
    ("PDF with an archive inside", pdf_with([b"", b"% " + archive()]), "foreign"),
    ("PDF with a password", encrypted_pdf(), "encrypted"),
    ("PDF that runs", pdf_with([b"/OpenAction<</S/JavaScript/JS(1)>>"]), "active"),
    ("PDF with scripts", pdf_with([b"/Names<</JavaScript 4 0 R>>"]), "active"),
    ("PDF that hides it", pdf_with([b"/OpenAction<</S/J#61vaScript>>"]), "active"),
    ("PDF that packs it", packed_pdf(), "active"),
    ("PDF that packs it plainly", packed_pdf(compressed=False), "active"),
    ("PDF that packs it in disguise", packed_pdf(b"/Obj#53tm"), "active"),
    ("PDF that comments it away", commented_pdf(), "active"),
    (
        "PDF of begun streams",
        b"%PDF-1.5\n" + b"stream\n" * 300_000 + b"%%EOF",
        "broken",
    ),
    (
        "PDF of empty streams",
        b"%PDF-1.5\n" + b"stream\nendstream\n" * 200_000 + b"%%EOF",
        "too_large",
    ),
    ("PDF that starts", pdf_with([b"/OpenAction<</S/Launch/F(calc)>>"]), "active"),
    ("PDF that carries", pdf_with([b"/Names<</EmbeddedFiles 4 0 R>>"]), "active"),
    ("PDF that sends", pdf_with([b"/OpenAction<</S/SubmitForm>>"]), "active"),
    ("PDF with XFA", pdf_with([b"/AcroForm<</XFA 4 0 R>>"]), "active"),
    ("PDF with films", pdf_with([b"/X<</S/RichMedia>>"]), "active"),
    ("PDF with events", pdf_with([b"/AA<</O 4 0 R>>"]), "active"),
    ("PDF that leads on", pdf_with([b"/OpenAction<</S/GoToR>>"]), "active"),
    ("PDF bomb", pdf_bomb(), "too_large"),
    ("PNG bomb", png_bomb(), "pixels"),
    ("JPEG with an archive", picture("JPEG") + archive(), "foreign"),
    ("PNG with an archive", picture("PNG") + archive(), "foreign"),
    (
        "PNG with an archive before its end",
        picture("PNG") + archive() + PNG_END,
        "foreign",
    ),
    ("JPEG with a page", picture("JPEG") + b"<script>1</script>", "foreign"),
    ("PNG with PHP", picture("PNG") + b"<?php 1;", "foreign"),
    ("JPEG with a PDF", picture("JPEG") + pdf(), "foreign"),
    ("half a JPEG", picture("JPEG")[:200], "broken"),
    ("half a PNG", picture("PNG")[:40], "broken"),
    ("only a JPEG's start", b"\xff\xd8\xff\xd9", "broken"),
    ("PNG that is a JPEG inside", b"\x89PNG\r\n\x1a\n" + picture("JPEG"), "broken"),
    ("too many pages", pdf(101), "pages"),
    (
        "PDF with an archive in a stream",
        streamed_archive(),
        "foreign",
    ),
    ("PDF that packs its events", packed_events(), "active"),
]


@tagged("post_install", "-at_install")
class TestUploads(BaseCase):
    def test_hostile_files_are_refused_each_for_its_reason(self):
        self.assertGreaterEqual(len(HOSTILE), 40)
        for name, content, reason in HOSTILE:
            with self.subTest(file=name):
                begun = time.process_time()
                with self.assertRaises(UploadRefused) as caught:
                    check_upload(content, 10 * MEGABYTE)
                self.assertEqual(caught.exception.reason, reason)
                self.assertLess(time.process_time() - begun, 20)

    def test_documents_are_kept(self):
        for kind, content in (
            ("application/pdf", pdf()),
            ("application/pdf", pdf(100)),
            ("application/pdf", pdf_with([b"/OpenAction[3 0 R/Fit]"])),
            ("image/jpeg", picture("JPEG")),
            ("image/png", picture("PNG")),
        ):
            with self.subTest(kind=kind):
                upload = check_upload(content, 10 * MEGABYTE)
                self.assertEqual(upload.mimetype, kind)
                self.assertEqual(len(upload.sha256), 64)

    def test_what_cameras_and_scanners_make_is_kept(self):
        trailer = b"\0\0SEFHe\0\0\0" + b"\x17" * 40 + b"SEFT"
        self.assertTrue(check_upload(picture("JPEG") + trailer, MEGABYTE))
        target = io.BytesIO()
        deep = Image.new("I;16", (20, 10), 65535)
        deep.paste(0, (0, 0, 10, 10))
        deep.save(target, "PNG")
        upload = check_upload(target.getvalue(), MEGABYTE)
        with Image.open(io.BytesIO(upload.content)) as kept:
            self.assertEqual((kept.getpixel((1, 1)), kept.getpixel((15, 1))), (0, 255))
        target = io.BytesIO()
        Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(target, "PNG")
        upload = check_upload(target.getvalue(), MEGABYTE)
        with Image.open(io.BytesIO(upload.content)) as kept:
            self.assertEqual(kept.getpixel((1, 1)), (255, 255, 255))

    def test_a_pdf_stays_as_it_is(self):
        content = pdf()
        self.assertEqual(check_upload(content, MEGABYTE).content, content)

    def test_the_size_is_limited_to_the_byte(self):
        content = pdf()
        self.assertTrue(check_upload(content, len(content)))
        with self.assertRaises(UploadRefused) as caught:
            check_upload(content, len(content) - 1)
        self.assertEqual(caught.exception.reason, "too_large")

    def test_the_number_of_pixels_is_limited_to_the_pixel(self):
        self.patch(uploads, "MAX_PIXELS", 2400)
        self.assertTrue(check_upload(picture(size=(60, 40)), MEGABYTE))
        with self.assertRaises(UploadRefused) as caught:
            check_upload(picture(size=(61, 40)), MEGABYTE)
        self.assertEqual(caught.exception.reason, "pixels")

    def test_pictures_lose_their_metadata_and_keep_their_direction(self):
        exif = Image.Exif()
        exif[0x010E] = "Taken at home"
        exif[0x0112] = 6  # to be turned by 90 degrees
        upload = check_upload(picture("JPEG", exif=exif), MEGABYTE)
        self.assertNotIn(b"Taken at home", upload.content)
        with Image.open(io.BytesIO(upload.content)) as kept:
            self.assertEqual(kept.size, (40, 60))
            self.assertFalse(kept.getexif())
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "Taken at home")
        upload = check_upload(picture("PNG", pnginfo=text), MEGABYTE)
        self.assertNotIn(b"Taken at home", upload.content)

    def test_transparent_and_small_palettes_are_kept_as_pictures(self):
        for mode in ("1", "L", "LA", "P", "RGBA", "CMYK"):
            with self.subTest(mode=mode):
                target = io.BytesIO()
                kind = "JPEG" if mode == "CMYK" else "PNG"
                Image.new(mode, (20, 10)).save(target, kind)
                upload = check_upload(target.getvalue(), MEGABYTE)
                with Image.open(io.BytesIO(upload.content)) as kept:
                    self.assertEqual(kept.size, (20, 10))
                    self.assertIn(kept.mode, ("L", "RGB"))
