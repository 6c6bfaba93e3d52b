"""What the provider sells: a tree of categories and the services in it."""

from odoo import Command

from .part import Part

#: name: (label, parent); the shipped categories without compensation come besides.
CATEGORIES = {
    "servers": ("Servers", None),
    "virtual": ("Virtual Servers", "servers"),
    "dedicated": ("Dedicated Servers", "servers"),
    "gpu": ("Servers with Graphics Processors", "dedicated"),
    "cloud": ("Cloud", None),
    "compute": ("Compute", "cloud"),
    "kubernetes": ("Kubernetes", "cloud"),
    "databases": ("Managed Databases", "cloud"),
    "storage": ("Storage", None),
    "object_storage": ("Object Storage", "storage"),
    "block_storage": ("Block Storage", "storage"),
    "backup": ("Backup", "storage"),
    "support": ("Support", None),
    "discounts": ("Discounts", None),
    # below a shipped category: without compensation as well
    "rack_power": ("Additional power for racks", "colocation_racks"),
}
#: name: (label, category, price for a month in roubles, internal reference)
PRODUCTS = {
    "vps2": ("Virtual server VPS-2", "virtual", 1890, "VPS-2"),
    "vps8": ("Virtual server VPS-8", "virtual", 6940, "VPS-8"),
    "ds16": ("Dedicated server DS-16", "dedicated", 11900, "DS-16"),
    "ds64": ("Dedicated server DS-64", "dedicated", 27450, "DS-64"),
    "gpu": ("Server with two graphics processors", "gpu", 84300, "GPU-2"),
    "compute": ("Cloud pool: 32 cores, 128 GB", "compute", 38200, "CLOUD-32"),
    "k8s": ("Managed Kubernetes cluster", "kubernetes", 21560, "K8S"),
    "pg": ("Managed PostgreSQL", "databases", 14830, "PG"),
    "object": ("Object storage, 5 TB", "object_storage", 7420, "S3-5"),
    "block": ("Block storage, 2 TB", "block_storage", 5310, "BLK-2"),
    "backup": ("Backup, 1 TB", "backup", 2990, "BKP-1"),
    "support": ("Business support", "support", 4999, "SUP"),
    "rack": ("Server rack with remote hands", "colocation_racks", 64000, "RACK"),
    "rack_power": ("Additional 3 kW for a rack", "rack_power", 18500, "RACK-KW"),
    "focl": ("Fibre-optic line, rental", "focl_rental", 45200, "FOCL"),
    "fibre": ("Maintenance of fibres", "fibre_maintenance", 17300, "FIBRE"),
    "transit": ("Non-switched transit", "transit_connections", 33100, "TRANSIT"),
    "qrator": ("Traffic filtering by Qrator", "qrator_filtering", 28900, "QRATOR"),
    "api_security": ("API security", "api_security", 16400, "APISEC"),
    "aws": ("Access to Amazon Web Services", "public_clouds", 22700, "AWS"),
    "domain": ("Domain in .ru for a year", "domains", 1250, "DOMAIN"),
    "loyalty": ("Loyalty discount", "discounts", -1500, "LOYAL"),
}


class Catalogue(Part):
    """Categories and services."""

    def make_catalogue(self):
        for name, (label, parent) in CATEGORIES.items():
            self.make(
                "product.category",
                {
                    f"category_{name}": {
                        "name": label,
                        "parent_id": self._category(parent).id if parent else False,
                    }
                },
            )
        vat = self.record("vat")
        self.make(
            "product.product",
            {
                f"product_{name}": {
                    "name": label,
                    "type": "service",
                    "categ_id": self._category(category).id,
                    "list_price": price,
                    "default_code": reference,
                    "taxes_id": [Command.set(vat.ids)],
                    "supplier_taxes_id": [Command.clear()],
                    "purchase_ok": False,
                    "company_id": self.env.company.id,
                }
                for name, (label, category, price, reference) in PRODUCTS.items()
            },
        )

    def _category(self, name):
        """Return one of the demo's categories, or a shipped one."""
        if name in CATEGORIES:
            return self.record(f"category_{name}")
        return self.env.ref(f"referral_program.product_category_{name}")
