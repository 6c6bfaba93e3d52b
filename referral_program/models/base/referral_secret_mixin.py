import logging

from odoo import models
from odoo.exceptions import ValidationError
from odoo.tools import split_every

from ...tools import secrets

_logger = logging.getLogger(__name__)

#: Rows that are encrypted anew at a time: files may have many megabytes.
RENEWED_AT_ONCE = 20


class ReferralSecretMixin(models.AbstractModel):
    """Rows that keep something encrypted, with a key that is not in the database.

    Only a reading that is recorded decrypts it.
    """

    _name = "referral.secret.mixin"
    _description = "Referral Secrets"

    def _encrypt(self, content):
        """Return bytes as they are kept.

        :raise ValidationError: without a key, saying what to do
        """
        try:
            return secrets.encrypt(content)
        except secrets.NoKey:
            raise self._no_key() from None

    def _digest(self, text):
        """Return what equal texts have in common, and what tells nothing of them.

        :raise ValidationError: without a key, saying what to do
        """
        try:
            return secrets.digest(text)
        except secrets.NoKey:
            raise self._no_key() from None

    def _decrypt(self, content):
        """Return the bytes that are kept: for a reading that is recorded.

        :raise ValidationError: without the right key, saying what to do
        """
        try:
            return secrets.decrypt(content)
        except secrets.NoKey:
            raise self._no_key() from None
        except secrets.OtherKey:
            raise self._cannot(
                self.env._(
                    "The document was encrypted with a key that the server does not "
                    "have. Add that key after a comma to %(option)s in the server's "
                    "configuration, or to %(variable)s in its environment, and restart "
                    "it. Documents from before encryption are encrypted by the command "
                    "odoo referral_keys.",
                    option=secrets.OPTION,
                    variable=secrets.VARIABLE,
                )
            ) from None

    def _no_key(self):
        return self._cannot(
            self.env._(
                "Documents are kept encrypted, and the server has no key for it. Make "
                "one with %(command)s, put it as %(option)s in the server's "
                "configuration or as %(variable)s in its environment, and restart it. "
                "Keep a copy: without the key the documents are lost.",
                command=secrets.COMMAND,
                option=secrets.OPTION,
                variable=secrets.VARIABLE,
            )
        )

    def _cannot(self, cure):
        """Return the error for whoever asks, and say in the log what to do.

        :param str cure: what whoever runs the server does; told to staff as well
        """
        _logger.error("%s", cure)
        if self.env.user._is_internal():
            return ValidationError(cure)
        return ValidationError(
            self.env._(
                "Documents cannot be opened or uploaded at the moment. Please try "
                "again later, or tell us."
            )
        )

    def _renew_secrets(self, domain, done):
        """Encrypt anew, with the first key, what is not encrypted with it.

        Begun again, it goes on where it stopped.

        :param domain: of the rows that have anything encrypted
        :param done: called after each batch, such as to commit it
        :return int: the rows that were changed
        :raise ValidationError: at what none of the keys decrypts
        """
        count = 0
        # sudo: nobody reads these fields, and nothing is read here
        rows = self.sudo().search(domain, order="id")
        for ids in split_every(RENEWED_AT_ONCE, rows.ids):
            batch = rows.browse(ids).exists()
            count += sum(row._renew_secret() for row in batch)
            done()
            batch.invalidate_recordset()
        return count

    def _renew_secret(self):
        """Encrypt a row's secret with the first key, unless it is.

        :return bool: whether it was not
        """
        raise NotImplementedError

    def _renewed(self, content):
        """Return what has to be encrypted anew, as it was before; else None."""
        if not secrets.is_encrypted(content):
            return content
        plain = self._decrypt(content)
        return None if secrets.is_current(content) else plain
