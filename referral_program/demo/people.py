"""The provider's clients: who they are, what they buy, and how they pay."""

from dataclasses import dataclass

from odoo import Command

from .part import Part


@dataclass(frozen=True)
class Client:
    """A client of the provider.

    :ivar str name: a person's, if it ends with no legal form (``person``)
    :ivar str products: names of products, separated by spaces; none: buys nothing
    :ivar str plan: ``prepaid`` (each month in advance), ``postpaid`` (each month
        afterwards, by use), ``quarterly`` or ``annual`` (in advance), ``dollars``
        (prepaid, in dollars and without tax)
    :ivar int since: the month of the first invoice
    """

    name: str
    city: str
    products: str = ""
    plan: str = "prepaid"
    since: int = 0
    country: str = "ru"
    person: bool = False


#: The clients who take part in the program, and all others.
CLIENTS = {
    # who take part
    "baltic": Client("Baltic Web Studio LLC", "Kaliningrad", "vps8 backup"),
    "sokolov": Client("Ivan Sokolov", "Moscow", "vps2", person=True),
    "volga": Client("Volga Digital LLC", "Samara", "ds16 object", since=2),
    "morozova": Client("Morozova Elena, sole trader", "Perm", person=True),
    "tver": Client("Tver Municipal IT Centre", "Tver"),
    "petrosyan": Client("Armen Petrosyan", "Moscow", country="am", person=True),
    "nurlanova": Client("Aigerim Nurlanova", "Almaty", country="kz", person=True),
    "minsk": Client("Minsk Code Works LLC", "Minsk", country="by"),
    "severny": Client("Severny Integrator LLC", "Murmansk"),
    "orlov": Client("Pavel Orlov", "Tula", person=True),
    "kuznetsova": Client("Kuznetsova Daria, sole trader", "Lipetsk", person=True),
    "fedorov": Client("Nikita Fedorov", "Ufa", person=True),
    # brought by Baltic Web Studio
    "altair": Client("Altair Logistics LLC", "Kaliningrad", "ds64 backup support"),
    "kronos": Client("Kronos Trading JSC", "Moscow", "compute pg object", "postpaid"),
    "neva": Client("Neva Print LLC", "Saint Petersburg", "vps8 domain"),
    "ladoga": Client("Ladoga Fish JSC", "Priozersk", "vps8 block", "annual", 1),
    "parus": Client("Parus Travel LLC", "Sochi", "vps8 support", "annual", 1),
    "zarya": Client("Zarya Media LLC", "Moscow", "ds16 object", since=2),
    "vector": Client("Vector Engineering LLC", "Kolpino", "gpu compute", since=5),
    # brought by Ivan Sokolov
    "kofe": Client("Kofe i Knigi LLC", "Moscow", "vps2 domain"),
    "smirnova": Client("Svetlana Smirnova", "Khimki", "vps2", person=True, since=1),
    "granit": Client("Granit Stroy LLC", "Podolsk", "rack rack_power vps8", since=1),
    "mayak": Client("Mayak Radio JSC", "Moscow", "ds16 transit", "postpaid", 3),
    "lisitsyn": Client("Lisitsyn Oleg, sole trader", "Moscow", "vps8", person=True),
    # brought by Volga Digital
    "samara": Client("Samara Dental LLC", "Samara", "vps8 backup", since=1),
    "rodnik": Client("Rodnik Water LLC", "Togliatti", "k8s pg", "postpaid", 1),
    "volga_trade": Client("Volga Digital Trade LLC", "Samara", "ds16", since=2),
    "kama": Client("Kama Forest JSC", "Perm", "ds64 qrator", since=3),
    "burlak": Client("Burlak Delivery LLC", "Saratov", "compute", "quarterly", 2),
    # brought by Elena Morozova
    "vishnya": Client("Vishnya Cosmetics LLC", "Perm", "vps8 object"),
    "atelier": Client("Atelier Romashka LLC", "Perm", "vps2 backup", since=2),
    "lavka": Client("Lavka Remesel LLC", "Kungur", "vps2", "annual", 3),
    "pekarnya": Client("Pekarnya No. 7 LLC", "Perm", "vps2 domain", since=4),
    # brought by the Tver Municipal IT Centre
    "library": Client("Tver City Library", "Tver", "vps8 backup", "postpaid"),
    "museum": Client("Museum of the Upper Volga", "Tver", "vps8 object", "postpaid", 1),
    "clinic": Client("Tver Clinic No. 3", "Tver", "ds16 api_security", "postpaid", 2),
    # brought by Armen Petrosyan
    "ararat": Client("Ararat Soft LLC", "Yerevan", "k8s", country="am"),
    "sevan": Client("Sevan Tours LLC", "Sevan", "vps8", "quarterly", 1, "am"),
    "kavkaz": Client("Kavkaz Mineral LLC", "Pyatigorsk", "ds16 aws", since=4),
    # brought by Aigerim Nurlanova
    "tengri": Client("Tengri Games LLP", "Almaty", "gpu k8s", "dollars", 0, "kz"),
    "astana": Client("Astana Data LLP", "Astana", "vps8", since=3, country="kz"),
    "omsk": Client("Omsk Turbina LLC", "Omsk", "ds16", since=2),
    # brought by participants who are not active
    "polesie": Client("Polesie Agro LLC", "Brest", "vps8", since=1, country="by"),
    "gomel": Client("Gomel Textile JSC", "Gomel", "ds16", "postpaid", 2, "by"),
    "onega": Client("Onega Timber LLC", "Petrozavodsk", "vps8", since=3),
    "arktika": Client("Arktika Shipping JSC", "Murmansk", "ds64", "quarterly", 1),
    "samovar": Client("Samovar Zavod JSC", "Tula", "vps8 block"),
    "kaluga": Client("Kaluga Motors LLC", "Kaluga", "ds16", since=4),
    "lipetsk": Client("Lipetsk Steel Service LLC", "Lipetsk", "k8s", "postpaid", 5),
    "yelets": Client("Yelets Lace LLC", "Yelets", "vps2", since=6),
    # who came by themselves
    "sibir": Client("Sibir Telecom JSC", "Novosibirsk", "focl fibre", "quarterly"),
    "baikal": Client("Baikal Hotel LLC", "Irkutsk", "vps8", "quarterly"),
    "uralmet": Client("Uralmet JSC", "Yekaterinburg", "ds64 backup", "quarterly", 1),
    "zenit": Client("Zenit Optika LLC", "Kazan", "vps8", "annual"),
    "taiga": Client("Taiga Outdoor LLC", "Tomsk", "vps2 domain", "quarterly", 2),
    "bereza": Client("Bereza Furniture LLC", "Kirov", "ds16", "quarterly", 1),
    "rostok": Client("Rostok Garden LLC", "Rostov-on-Don", "vps2", "quarterly"),
    "popova": Client("Marina Popova", "Sochi", "vps2", "annual", 2, person=True),
    "don": Client("Don Agro JSC", "Rostov-on-Don", "compute", "postpaid", 6),
    "kedr": Client("Kedr Pharma LLC", "Tyumen", "ds16 backup", "quarterly", 3),
}
#: Clients with the tax number of another one: one firm under two names.
SAME_FIRM = {"volga_trade": "volga"}


class People(Part):
    """The clients."""

    def make_clients(self):
        self.make(
            "res.partner",
            {
                f"client_{name}": self._prepare_client_vals(name, client)
                for name, client in CLIENTS.items()
            },
        )
        self.make(
            "res.partner",
            {
                "contact_baltic": {
                    "name": "Olga Belova",
                    "parent_id": self.record("client_baltic").id,
                    "email": "belova@baltic.example.com",
                    "function": "Director",
                }
            },
        )

    def _prepare_client_vals(self, name, client):
        country = self.env.ref(f"base.{client.country}")
        return {
            "name": client.name,
            "is_company": not client.person,
            "city": client.city,
            "country_id": country.id,
            "email": f"{name.replace('_', '.')}@example.com",
            "vat": self._tax_number(name, client) if client.country == "ru" else False,
            "referral_postpaid": client.plan == "postpaid",
            "bank_ids": [
                Command.create({"acc_number": f"40702810{self._number(name):012}"})
            ],
        }

    def _number(self, name):
        """Return a number that belongs to a client for good."""
        return 30000000 + 7919 * list(CLIENTS).index(name)

    def _tax_number(self, name, client):
        """Return a tax number with the check digits that Russia asks for."""
        number = str(self._number(SAME_FIRM.get(name, name)))
        weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
        if client.person:
            digits = [int(digit) for digit in f"77{number}"]
            for weights in (
                (7, 2, 4, 10, 3, 5, 9, 4, 6, 8),
                (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8),
            ):
                digits.append(self._check_digit(digits, weights))
        else:
            digits = [int(digit) for digit in f"7{number}"]
            digits.append(self._check_digit(digits, weights))
        return "".join(map(str, digits))

    def _check_digit(self, digits, weights):
        pairs = zip(digits, weights, strict=True)
        return sum(digit * weight for digit, weight in pairs) % 11 % 10
