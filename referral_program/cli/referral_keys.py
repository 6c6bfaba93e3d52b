import sys

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config


class ReferralKeys(Command):
    """Encrypt the referral program's documents with the first of the server's keys.

    Put the new key before the old one, separated by a comma, restart the servers, run
    this, then take the old key away. What stopped can be begun again.
    """

    name = "referral_keys"

    def run(self, args):
        config.parser.prog = self.prog
        config.parse_config(args, setup_logging=True)
        if len(config["db_name"]) != 1:
            sys.exit("Name one database: -d DATABASE")
        with Registry(config["db_name"][0]).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            count = env["referral.participant"]._renew_document_secrets(cr.commit)
            # the files as they were before
            env["ir.attachment"]._gc_file_store()
        # pylint: disable=print-used
        print(f"{count} texts and files were encrypted with the first key.")
