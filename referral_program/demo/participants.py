"""Who takes part in the program, and which clients they brought."""

import io
import random
import string
from dataclasses import dataclass

from PIL import Image, ImageDraw

from .part import Part

#: The states that lead to each state.
PATHS = {
    "draft": (),
    "submitted": ("submitted",),
    "active": ("submitted", "active"),
    "suspended": ("submitted", "active", "suspended"),
    "rejected": ("submitted", "rejected"),
    "closed": ("submitted", "active", "closed"),
}
#: client: (type, state, reason)
PARTICIPANTS = {
    "baltic": ("legal_entity_resident", "active", ""),
    "sokolov": ("individual_resident", "active", ""),
    "volga": ("legal_entity_resident", "active", ""),
    "morozova": ("sole_trader_resident", "active", ""),
    "tver": ("state_organization_resident", "active", ""),
    "petrosyan": ("individual_tax_resident", "active", ""),
    "nurlanova": ("individual_nonresident", "active", ""),
    "minsk": (
        "legal_entity_nonresident",
        "suspended",
        "The certificate of tax residence has expired",
    ),
    "severny": ("legal_entity_resident", "rejected", "The stamp cannot be read"),
    "orlov": ("individual_resident", "closed", "On the participant's own wish"),
    "kuznetsova": ("sole_trader_resident", "submitted", ""),
    "fedorov": ("individual_resident", "draft", ""),
}


@dataclass(frozen=True)
class Referral:
    """That a participant brought a client.

    :ivar int first: the month whose first day the referral begins on
    :ivar int last: the month on whose day ``last_day`` it ends, if it does
    """

    participant: str
    client: str
    first: int = 0
    last: int | None = None
    last_day: int = 20
    source: str = "link"
    state: str = "active"


REFERRALS = (
    Referral("baltic", "altair"),
    Referral("baltic", "kronos", source="manual"),
    # a client already when the referral began: earlier invoices earn nothing
    Referral("baltic", "neva", first=3, source="code"),
    Referral("baltic", "ladoga", first=1),
    Referral("baltic", "parus", first=1),
    Referral("baltic", "zarya", first=2, source="api"),
    Referral("baltic", "vector", first=5),
    Referral("sokolov", "kofe"),
    Referral("sokolov", "smirnova", first=1),
    Referral("sokolov", "granit", first=1, source="manual"),
    Referral("sokolov", "mayak", first=3),
    # changes hands between two dates
    Referral("sokolov", "lisitsyn", last=4, state="ended", source="code"),
    Referral("morozova", "lisitsyn", first=5, source="manual"),
    Referral("volga", "samara", first=1),
    Referral("volga", "rodnik", first=1, source="api"),
    # the participant's own firm under another name
    Referral("volga", "volga_trade", first=2),
    Referral("volga", "kama", first=3),
    Referral("volga", "burlak", first=2),
    Referral("morozova", "vishnya"),
    # over for good
    Referral("morozova", "atelier", first=2, last=6, state="ended"),
    Referral("morozova", "lavka", first=3),
    Referral("morozova", "pekarnya", first=4, source="code"),
    Referral("tver", "library", source="manual"),
    Referral("tver", "museum", first=1, source="manual"),
    Referral("tver", "clinic", first=2, source="manual"),
    Referral("petrosyan", "ararat"),
    Referral("petrosyan", "sevan", first=1),
    Referral("petrosyan", "kavkaz", first=4),
    Referral("nurlanova", "tengri"),
    Referral("nurlanova", "astana", first=3),
    # from another country than the participant, who may bring only compatriots
    Referral("nurlanova", "omsk", first=2),
    Referral("minsk", "polesie", first=1),
    Referral("minsk", "gomel", first=2),
    Referral("severny", "onega", first=3),
    Referral("severny", "arktika", first=1),
    Referral("orlov", "samovar"),
    Referral("orlov", "kaluga", first=4),
    Referral("kuznetsova", "lipetsk", first=5),
    Referral("kuznetsova", "yelets", first=6, source="code"),
    Referral("kuznetsova", "kedr", first=3, state="pending", source="manual"),
    Referral("sokolov", "taiga", first=2, state="cancelled", source="manual"),
)


def specimen(text):
    """Return a picture that says what it stands for, as PNG."""
    picture = Image.new("L", (640, 400), 235)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((20, 20, 620, 380), outline=120, width=3)
    pen.text((60, 80), "SPECIMEN", fill=60, font_size=56)
    pen.text((60, 200), text, fill=60, font_size=22)
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


class Participants(Part):
    """The participants and the clients whom they brought."""

    def make_participants(self):
        program = self.record("program")
        # the demo is the same each time, codes included: no secret
        generator = random.Random("codes")  # nosec B311
        letters = string.ascii_letters + string.digits
        self.make(
            "referral.participant",
            {
                f"participant_{name}": {
                    "program_id": program.id,
                    "partner_id": self.record(f"client_{name}").id,
                    "type_id": self.env.ref(
                        f"referral_program.participant_type_{kind}"
                    ).id,
                    "code": "".join(generator.choices(letters, k=16)),
                }
                for name, (kind, _state, _reason) in PARTICIPANTS.items()
            },
        )
        for name, (_kind, state, reason) in PARTICIPANTS.items():
            participant = self.record(f"participant_{name}")
            for user in self.users_of(participant):
                participant._name_owner(user)
            for step in PATHS[state]:
                if step == "submitted":
                    self.submit(participant)
                elif step == "active" and participant.document_ids:
                    participant.action_approve_documents()
                else:
                    participant._update_state(step, reason if step == state else False)

    def users_of(self, participant):
        """Return the portal users of a participant's contacts."""
        own = [("partner_id.commercial_partner_id", "=", participant.partner_id.id)]
        return self.env["res.users"].search([*own, ("share", "=", True)])

    def submit(self, participant):
        """Accept the agreements and hand in a specimen of each kind of document."""
        participant._accept(
            participant._agreements_to_accept(),
            ip_address="192.0.2.10",
            user_agent="Demo",
        )
        for document, *_others in participant._missing_documents():
            if document.kind == "text":
                document._hand_in_text(f"AN {3_000_000 + participant.id}")
            else:
                name = f"{document.name}.png"
                document._hand_in_files([(name, specimen(document.name))])
        participant._submit()

    def make_referrals(self):
        self.env["referral.referral"].create(
            [self._prepare_referral_vals(referral) for referral in REFERRALS]
        )

    def _prepare_referral_vals(self, referral):
        end = False
        if referral.last is not None:
            end = self.month(referral.last).replace(day=referral.last_day)
        return {
            "participant_id": self.record(f"participant_{referral.participant}").id,
            "partner_id": self.record(f"client_{referral.client}").id,
            "date_start": self.month(referral.first),
            "date_end": end,
            "source": referral.source,
            "state": referral.state,
        }
