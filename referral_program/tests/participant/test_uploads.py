"""Uploads: what may be kept, and what strangers try to pass off as a document."""

import io
import time
import zlib

import pikepdf
from PIL import Image, PngImagePlugin

from odoo.tests import BaseCase, tagged

from ...tools import rewriting
from ...tools.uploads import UploadRefused, check_upload
from .crafted import (
    MEGABYTE,
    PNG_END,
    SCRIPT,
    archive,
    commented_pdf,
    encrypted_pdf,
    large_picture,
    packed_pdf,
    pdf,
    pdf_bomb,
    pdf_with,
    picture,
    png_bomb,
    saved,
    stream,
)

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
    ("PDF with a password", encrypted_pdf(), "encrypted"),
    ("PDF with an owner's password", encrypted_pdf(""), "encrypted"),
    (
        "PDF of begun streams",
        b"%PDF-1.5\n" + b"stream\n" * 300_000 + b"%%EOF",
        "broken",
    ),
    (
        "PDF of empty streams",
        b"%PDF-1.5\n" + b"stream\nendstream\n" * 200_000 + b"%%EOF",
        "broken",
    ),
    (
        "PDF of many objects",
        pdf_with(objects=[b"[%s]" % (b"<<>>" * 100_001)], page=b"/Group<</K 7 0 R>>"),
        "costly",
    ),
    (
        "PDF of endless depth",
        pdf_with(page=b"/Group<</K%s%s>>" % (b"[" * 200_000, b"]" * 200_000)),
        "broken",
    ),
    ("PDF that a script makes", pdf_with(b"/NeedsRendering true"), "active"),
    ("PDF that is a folder", pdf_with(b"/Collection<<>>"), "active"),
    (
        "PDF that is packed twice",
        pdf_with(content=stream(b"", b"/Filter[/FlateDecode/FlateDecode]")),
        "packed",
    ),
    (
        "PDF that is packed twice in other words",
        pdf_with(content=stream(b"", b"/Filter[/ASCII85Decode/DCTDecode]")),
        "packed",
    ),
    (
        "PDF that hides a page",
        pdf_with(content=stream(b"", b"/Filter/Crypt")),
        "packed",
    ),
    ("PDF bomb", pdf_bomb(), "costly"),
    ("PNG bomb", png_bomb(), "pixels"),
    ("PNG of more pixels than a scan", png_bomb(5001, 5000), "pixels"),
    ("half a JPEG", picture("JPEG")[:200], "broken"),
    ("half a PNG", picture("PNG")[:40], "broken"),
    ("only a JPEG's start", b"\xff\xd8\xff\xd9", "broken"),
    ("PNG that is a JPEG inside", b"\x89PNG\r\n\x1a\n" + picture("JPEG"), "broken"),
    ("too many pages", pdf(101), "pages"),
]

FILE = b"<</Type/Filespec/F(HARM)/AFRelationship/Data/EF<</F 8 0 R>>>>"
EMBEDDED = [FILE, stream(b"HARM", b"/Type/EmbeddedFile")]
PAGE = b"<SCRIPT>HARM</script>"


def form(entries=b"", content=b""):
    return stream(content, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]" + entries)


def annotation(entries):
    return b"<</Type/Annot/Rect[0 0 9 9]/Contents(HARM)%s>>" % entries


def annotated(entries, *objects):
    """Return a PDF with an annotation, whose further objects begin with 8."""
    return pdf_with(page=b"/Annots[7 0 R]", objects=[annotation(entries), *objects])


#: What is kept without what is bad about it: a name, the bytes, and what is gone.
CLEANED = [
    ("runs", pdf_with(b"/OpenAction" + SCRIPT), b"/JavaScript"),
    ("has scripts", pdf_with(b"/Names<</JavaScript 7 0 R>>", objects=[SCRIPT]), b"/JS"),
    (
        "hides a script",
        pdf_with(b"/OpenAction<</S/J#61vaScript/JS(HARM)>>"),
        b"/JavaScript",
    ),
    ("comments a script away", commented_pdf(), b"/JavaScript"),
    ("starts", pdf_with(b"/OpenAction<</S/Launch/F(HARM)>>"), b"/Launch"),
    ("sends", pdf_with(b"/OpenAction<</S/SubmitForm/F(HARM)>>"), b"/SubmitForm"),
    ("opens an address", pdf_with(b"/OpenAction<</S/URI/URI(HARM)>>"), b"/URI"),
    ("has a base", pdf_with(b"/URI<</Base(HARM)>>"), b"/URI"),
    ("leads on", pdf_with(b"/OpenAction<</S/GoToR/F(HARM)>>"), b"/GoToR"),
    ("has events", pdf_with(b"/AA<</WC %s>>" % SCRIPT), b"/AA"),
    ("has events on a page", pdf_with(page=b"/AA<</O %s>>" % SCRIPT), b"/AA"),
    ("carries", pdf_with(b"/Names<</EmbeddedFiles 7 0 R>>", objects=EMBEDDED), b"/EF"),
    ("is associated", pdf_with(b"/AF[7 0 R]", objects=EMBEDDED), b"/AF"),
    ("associates a page", pdf_with(page=b"/AF[7 0 R]", objects=EMBEDDED), b"/EF"),
    (
        "associates a picture",
        pdf_with(
            xobject=b"/X 9 0 R", objects=[*EMBEDDED, form(b"/AF[7 0 R]/Metadata 8 0 R")]
        ),
        b"/EmbeddedFile",
    ),
    ("attaches", annotated(b"/Subtype/FileAttachment/FS(HARM)"), b"/FileAttachment"),
    (
        "has a model with a script",
        annotated(
            b"/Subtype/3D/3DD 8 0 R",
            stream(b"HARM", b"/Type/3D/Subtype/U3D/OnInstantiate 9 0 R"),
            stream(b"HARM"),
        ),
        b"/3D",
    ),
    ("has films", annotated(b"/Subtype/RichMedia/RichMediaContent<<>>"), b"/RichMedia"),
    ("links", annotated(b"/Subtype/Link/A<</S/URI/URI(HARM)>>"), b"/URI"),
    (
        "has threads",
        pdf_with(
            b"/Threads[7 0 R]/OpenAction<</S/Thread/F(HARM)/D 0>>",
            b"/B[8 0 R]",
            [b"<</I<</Title(HARM)>>/F 8 0 R>>", b"<</T 7 0 R/P 3 0 R/R[0 0 9 9]>>"],
        ),
        b"/Thread",
    ),
    (
        "refers to another file",
        pdf_with(xobject=b"/X 7 0 R", objects=[form(b"/Ref<</F(HARM)/Page 0>>")]),
        b"/Ref",
    ),
    (
        "has its picture elsewhere",
        pdf_with(
            xobject=b"/X 7 0 R",
            objects=[form(b"/F<</FS/URL/F(HARM)>>/FFilter/FlateDecode")],
        ),
        b"/URL",
    ),
    (
        "names a picture for the press",
        pdf_with(xobject=b"/X 7 0 R", objects=[form(b"/OPI<</2.0<</F(HARM)>>>>")]),
        b"/OPI",
    ),
    (
        "has a program for the printer",
        pdf_with(
            xobject=b"/X 7 0 R",
            objects=[stream(b"HARM", b"/Type/XObject/Subtype/PS")],
        ),
        b"/PS",
    ),
    (
        "hides it in a form's resources",
        pdf_with(
            xobject=b"/X 7 0 R",
            objects=[form(b"/Resources<</Properties<</P %s>>>>" % SCRIPT)],
        ),
        b"/JavaScript",
    ),
    ("has notes", pdf_with(page=b"/PieceInfo<</A<</Private(HARM)>>>>"), b"/PieceInfo"),
    (
        "is described",
        pdf_with(b"/Metadata 7 0 R", objects=[stream(b"HARM")]),
        b"/Metadata",
    ),
    (
        "has a form",
        pdf_with(
            b"/AcroForm<</XFA 7 0 R/Fields[8 0 R]>>",
            objects=[
                stream(b"HARM"),
                b"<</FT/Tx/T(HARM)/AA<</K %s>>>>" % SCRIPT,
            ],
        ),
        b"/XFA",
    ),
    ("has a page inside", pdf_with(objects=[b"null % " + PAGE]), b"<SCRIPT"),
    (
        "has an archive inside",
        pdf_with(objects=[b"null % " + archive()]),
        b"PK\x03\x04",
    ),
    (
        "has an archive in a stream",
        pdf_with(objects=[stream(archive())]),
        b"PK\x03\x04",
    ),
    ("has an archive behind it", pdf_with() + archive(), b"PK\x03\x04"),
    ("has a page behind it", pdf_with() + PAGE, b"<SCRIPT"),
]

#: Pictures with something behind them.
POLYGLOTS = [
    ("JPEG with an archive", picture("JPEG") + archive()),
    ("PNG with an archive", picture("PNG") + archive()),
    ("PNG with an archive before its end", picture("PNG") + archive() + PNG_END),
    ("JPEG with a page", picture("JPEG") + PAGE),
    ("PNG with PHP", picture("PNG") + b"<?php HARM;"),
    ("JPEG with a PDF", picture("JPEG") + pdf_with(b"/A(HARM)")),
]


def spelled_out(content):
    """Return a PDF's bytes with everything in it unpacked, names as they are."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(
            target,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return target.getvalue()


@tagged("post_install", "-at_install")
class TestUploads(BaseCase):
    def assertShows(self, content):
        """Assert that a page made by ``pdf_with`` is as it was."""
        with pikepdf.open(io.BytesIO(content)) as document:
            (page,) = document.pages
            self.assertEqual(page.MediaBox, [0, 0, 99, 99])
            self.assertEqual(page.Rotate, 90)
            self.assertIn(b"(shown) Tj", page.Contents.read_bytes())
            resources = page.Resources
            self.assertEqual(resources.Font.F1.BaseFont, "/Helvetica")
            self.assertEqual(resources.XObject.Dot.read_bytes(), b"\xff\0\0")
            self.assertEqual(set(document.Root.keys()), {"/Type", "/Pages"})
            self.assertLessEqual(
                set(page.keys()),
                {
                    "/Type", "/Parent", "/MediaBox", "/Rotate", "/Resources",
                    "/Contents",
                },
            )  # fmt: skip

    def test_hostile_files_are_refused_each_for_its_reason(self):
        self.assertGreaterEqual(len(HOSTILE), 40)
        for name, content, reason in HOSTILE:
            with self.subTest(file=name):
                begun = time.monotonic()
                with self.assertRaises(UploadRefused) as caught:
                    check_upload(content, 10 * MEGABYTE)
                self.assertEqual(caught.exception.reason, reason)
                self.assertLess(time.monotonic() - begun, 20)

    def test_pdfs_are_kept_without_what_is_not_their_pages(self):
        for name, content, gone in CLEANED:
            with self.subTest(PDF=name):
                # it is there before, one way or the other
                self.assertIn(b"HARM", content)
                kept = check_upload(content, MEGABYTE).content
                self.assertShows(kept)
                for shown in (kept, spelled_out(kept)):
                    self.assertNotIn(b"HARM", shown)
                    self.assertNotIn(gone, shown)

    def test_packed_objects_are_kept_no_more_than_others(self):
        for name, content in (
            ("packed", packed_pdf()),
            ("packed plainly", packed_pdf(compressed=False)),
            ("packed in disguise", packed_pdf(b"/Obj#53tm")),
            ("packed events", packed_pdf(item=b"<</AA<</O %s>>>>" % SCRIPT)),
        ):
            with self.subTest(script=name):
                kept = spelled_out(check_upload(content, MEGABYTE).content)
                for word in (b"HARM", b"JavaScript", b"OpenAction", b"/AA"):
                    self.assertNotIn(word, kept)
                with pikepdf.open(io.BytesIO(kept)) as document:
                    self.assertEqual(len(document.pages), 1)

    def test_no_page_can_be_read_out_of_a_content(self):
        for content in (
            stream(b"% <html>HARM</html>\n" + b"BT ET"),
            # packed without packing
            stream(zlib.compress(b"% <html>HARM</html>", 0), b"/Filter/FlateDecode"),
        ):
            upload = check_upload(pdf_with(content=content), MEGABYTE)
            self.assertNotIn(b"<html>", upload.content)

    def test_what_is_filled_in_stays_on_the_page(self):
        field = (
            b"/Subtype/Widget/FT/Tx/T(a)/V(HARM)/F 4/AP<</N 8 0 R>>/AA<</K %s>>"
            % SCRIPT
        )
        content = pdf_with(
            b"/AcroForm<</Fields[7 0 R]>>",
            b"/Annots[7 0 R]",
            [annotation(field), form(content=b"BT (filled in) Tj ET")],
        )
        kept = spelled_out(check_upload(content, MEGABYTE).content)
        self.assertIn(b"(filled in) Tj", kept)
        self.assertIn(b"(shown) Tj", kept)
        for gone in (b"HARM", b"Annot", b"AcroForm", b"Widget", b"JavaScript"):
            self.assertNotIn(gone, kept)

    def test_a_pdf_keeps_its_pages_pictures_and_fonts(self):
        sheets = [Image.effect_noise((60, 40 + n), 40) for n in range(3)]
        content = saved(sheets[0], "PDF", save_all=True, append_images=sheets[1:])
        kept = check_upload(content, MEGABYTE).content
        with (
            pikepdf.open(io.BytesIO(content)) as before,
            pikepdf.open(io.BytesIO(kept)) as after,
        ):
            self.assertEqual(len(after.pages), 3)
            for old, new in zip(before.pages, after.pages, strict=True):
                self.assertEqual(new.mediabox, old.mediabox)
                (was,), (is_now,) = old.get_images().values(), new.get_images().values()
                self.assertEqual(is_now.read_raw_bytes(), was.read_raw_bytes())
        # the same font, which leads back to itself, is there once
        font = b"<</Type/Font/Subtype/Type3/FontBBox[0 0 1 1]/FontMatrix[1 0 0 1 0 0]"
        font += b"/CharProcs<</JS 8 0 R>>/Encoding<</Differences[0/JS]>>/FirstChar 0"
        font += b"/LastChar 0/Widths[1]/Resources<</Font<</Self 7 0 R>>>>>>"
        content = pdf_with(
            objects=[font, stream(b"1 0 d0")], xobject=b">>/Font<</T 7 0 R"
        )
        with pikepdf.open(io.BytesIO(check_upload(content, MEGABYTE).content)) as kept:
            font = kept.pages[0].Resources.Font.T
            self.assertEqual(font.CharProcs.JS.read_bytes(), b"1 0 d0")
            self.assertEqual(font.Resources.Font.Self.objgen, font.objgen)

    def test_pictures_lose_what_is_behind_them(self):
        for name, content in POLYGLOTS:
            with self.subTest(file=name):
                kept = check_upload(content, MEGABYTE).content
                for gone in (b"HARM", b"PK\x03\x04", b"%PDF"):
                    self.assertNotIn(gone, kept)
                with Image.open(io.BytesIO(kept)) as image:
                    self.assertEqual(image.size, (60, 40))

    def test_documents_are_kept(self):
        for kind, content in (
            ("application/pdf", pdf()),
            ("application/pdf", pdf(100)),
            ("application/pdf", pdf_with(b"/OpenAction[3 0 R/Fit]")),
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

    def test_the_size_is_limited_to_the_byte(self):
        content = pdf()
        self.assertTrue(check_upload(content, len(content)))
        with self.assertRaises(UploadRefused) as caught:
            check_upload(content, len(content) - 1)
        self.assertEqual(caught.exception.reason, "too_large")

    def test_the_number_of_pixels_is_limited_to_the_pixel(self):
        self.patch(rewriting, "MAX_PIXELS", 2400)
        self.assertTrue(rewriting.rewrite(picture(size=(60, 40)), "image/png"))
        with self.assertRaises(UploadRefused) as caught:
            rewriting.rewrite(picture(size=(61, 40)), "image/png")
        self.assertEqual(caught.exception.reason, "pixels")

    def test_phones_pictures_are_kept_at_a_size_that_can_be_read(self):
        for taken, kept in (
            ((4000, 3000), (4000, 3000)),
            ((8000, 6000), (4000, 3000)),
        ):
            upload = check_upload(large_picture("JPEG", taken), 10 * MEGABYTE)
            with Image.open(io.BytesIO(upload.content)) as image:
                self.assertEqual(image.size, kept)

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
