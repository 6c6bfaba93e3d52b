"""What holds for an addon's translation into Russian."""

import re
from pathlib import Path

import polib

from odoo.modules import get_module_path
from odoo.tools.translate import TranslationModuleReader

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|</?\w[^>]*>|^\s+|\s+$")


class Translated:
    """Tests of an addon's translation, for a class of tests.

    :cvar str module: the addon
    :cvar int least: fewer terms than it has
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("ru_RU")
        cls.env["ir.module.module"]._load_module_terms([cls.module], ["ru_RU"])
        cls.russian = cls.env(context={**cls.env.context, "lang": "ru_RU"})
        module = cls.env["ir.module.module"]._get(cls.module)
        # whatever state those are in that it depends on
        needed = module.upstream_dependencies(exclude_states=("",))
        cls.known = {"base", *(module | needed).mapped("name")}

    def _read(self, name):
        """Return the terms of a file with their translations."""
        folder = Path(get_module_path(self.module)) / "i18n"
        return {entry.msgid: entry.msgstr for entry in polib.pofile(folder / name)}

    def _export(self):
        """Return what Odoo would export: all terms, and those of the addon's own.

        The others label fields that Odoo's mixins add to the addon's models, or are in
        fields that other addons add to Odoo's: what they are depends on the modules
        that a database has.
        """
        everything, own = set(), set()
        reader = TranslationModuleReader(self.env.cr, modules=[self.module])
        for _module, kind, name, xmlid, source, _value, _comments in reader:
            everything.add(source)
            if kind == "code" or self._is_own(name, xmlid):
                own.add(source)
        return everything, own

    def _is_own(self, name, xmlid):
        """Tell whether a term in a record's field is the addon's own."""
        if name.startswith("ir.model.fields,"):
            labelled = self.env.ref(xmlid)
            field = self.env[labelled.model]._fields[labelled.name]
            return self.module in field._modules
        model, _comma, field = name.partition(",")
        return not self.known.isdisjoint(self.env[model]._fields[field]._modules)

    def test_every_term_is_translated(self):
        everything, own = self._export()
        russian = self._read("ru.po")
        template = self._read(f"{self.module}.pot")
        translated = {term for term, text in russian.items() if text}
        known = template.keys() | russian.keys()
        self.assertGreater(len(own), self.least)
        for what, terms in (
            ("not in the template: export it anew", own - template.keys()),
            ("not in Russian: translate it in ru.po", own - translated),
            ("listed but empty", russian.keys() - translated),
            ("not used any more: take it out", known - everything),
            ("only in one of the two files", template.keys() ^ russian.keys()),
        ):
            with self.subTest(what):
                self.assertFalse(terms, what)

    def test_placeholders_are_kept(self):
        for term, text in self._read("ru.po").items():
            with self.subTest(term=term):
                self.assertEqual(
                    sorted(PLACEHOLDER.findall(term)), sorted(PLACEHOLDER.findall(text))
                )
