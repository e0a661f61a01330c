/// All cases.
pub const CASES: &[Case] = &[
    campaign(
        "markets: [US, GB, dach]",
        "markets: [US, NO, dach]",
        &["spec.markets[1]: Invalid value: \"boolean\": spec.markets[1] in body must be of type string: \"boolean\""],
    ),
    campaign(
        "markets: [US, GB, dach]",
        "markets: [US, \"false\", dach]",
        &[
            "spec.markets: Invalid value: write \"NO\" in quotes: YAML reads an unquoted NO (or no, on, off, yes) as false or true",
        ],
    ),
    campaign(
        "markets: [US, GB, dach]",
        "markets: [US, gb, dach]",
        &[
            "spec.markets: Invalid value: \"gb\" is not in spec.groups; a country is written in capitals, for example US",
        ],
    ),
    campaign(
        "markets: [US, GB, dach]",
        "markets: [US, gb, fr, dach]",
        &[
            "spec.markets: Invalid value: \"gb\" is not in spec.groups; a country is written in capitals, for example US",
        ],
    ),
    campaign(
        "markets: [US, GB, dach]",
        "markets: [US, us-CA, dach]",
        &[
            "spec.markets: Invalid value: \"us-CA\" is not a market: write a country (US), a subdivision (US-CA), a DMA (US-DMA-803) or the name of a group",
        ],
    ),
    campaign("markets: [US, GB, dach]", "markets: [US, GB, US, dach]", &["spec.markets[2]: Duplicate value: \"US\""]),
    campaign(
        "markets: [US, GB, dach]",
        "markets: [US, GB]",
        &["spec.groups: Invalid value: group \"dach\" is not in spec.markets"],
    ),
    campaign(
        "markets: [US, GB, dach]",
        "markets: []",
        &[
            "spec.markets: Invalid value: 0: spec.markets in body should have at least 1 items",
            "spec.groups: Invalid value: group \"dach\" is not in spec.markets",
        ],
    ),
    campaign(
        "markets: [US, GB, dach]",
        "markets: US",
        &["spec.markets: Invalid value: \"string\": spec.markets in body must be of type array: \"string\""],
    ),
    campaign("  markets: [US, GB, dach]\n", "", &["spec.markets: Required value"]),
    campaign(
        "markets: [US, GB, dach]",
        "markets: [US, null, dach]",
        &["spec.markets[1]: Invalid value: \"null\": spec.markets[1] in body must be of type string: \"null\""],
    ),
    campaign("markets: [US, GB, dach]", "markets:", &["spec.markets: Required value"]),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE, NO, CH]}",
        &[
            "spec.groups.dach[1]: Invalid value: \"boolean\": spec.groups.dach[1] in body must be of type string: \"boolean\"",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE, at]}",
        &["spec.groups: Invalid value: a place is a country (US), a subdivision (US-CA) or a DMA (US-DMA-803)"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: []}",
        &["spec.groups.dach: Invalid value: 0: spec.groups.dach in body should have at least 1 items"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE], NO: [NO]}",
        &[
            "spec.groups.false[0]: Invalid value: \"boolean\": spec.groups.false[0] in body must be of type string: \"boolean\"",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE], NO: [\"NO\"]}",
        &[
            "spec.groups: Invalid value: write \"NO\" in quotes: YAML reads an unquoted NO (or no, on, off, yes) as false or true",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE], nordics: [\"NO\"]}",
        &["spec.groups: Invalid value: group \"nordics\" is not in spec.markets"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE], Nordics: [\"NO\"]}",
        &[
            "spec.groups: Invalid value: group \"Nordics\" is not in spec.markets",
            "spec.groups: Invalid value: the name of a group is lower-case letters, digits and -, at most 40",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {markets: {NO: 4}}",
        &[
            "spec.split.markets: Invalid value: write \"NO\" in quotes: YAML reads an unquoted NO (or no, on, off, yes) as false or true",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {markets: {FR: 4}}",
        &["spec.split.markets: Invalid value: market \"FR\" is not in spec.markets"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {accounts: {meta: 4}}",
        &["spec.split.accounts: Invalid value: account \"meta\" is not in spec.accounts"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {markets: {US: 0}}",
        &[
            "spec.split.markets.US: Invalid value: 0: spec.split.markets.US in body should be greater than or equal to 1",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {markets: {US: 1.5}}",
        &[
            "spec.split.markets.US: Invalid value: \"float64\": spec.split.markets.US in body must be of type int32: \"float64\"",
        ],
    ),
    campaign("groups: {dach: [DE, AT, CH]}", "groups: {dach: [DE]}\n  split: {markets: {US: 2.0}}", &[]),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {markets: {US: \"4\"}}",
        &[
            "spec.split.markets.US: Invalid value: \"string\": spec.split.markets.US in body must be of type integer: \"string\"",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  locales: {NO: no}",
        &[
            "spec.locales.false: Invalid value: \"boolean\": spec.locales.false in body must be of type string: \"boolean\"",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  locales: {FR: fr}",
        &["spec.locales: Invalid value: market \"FR\" is not in spec.markets"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  locales: {US: english}",
        &["spec.locales: Invalid value: a value must be a locale, for example de or pt-BR"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  except: [{}]",
        &["spec.except[0]: Invalid value: needs an account, a market, or both"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  except: [{market: FR}]",
        &["spec.except: Invalid value: market \"FR\" is not in spec.markets"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  except: [{account: meta}]",
        &["spec.except: Invalid value: account \"meta\" is not in spec.accounts"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  overrides: [{state: Paused}]",
        &["spec.overrides[0]: Invalid value: needs accounts, markets, or both"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  overrides: [{markets: [US, FR], state: Paused}]",
        &["spec.overrides: Invalid value: market \"FR\" is not in spec.markets"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  overrides: [{accounts: [meta], state: Paused}]",
        &["spec.overrides: Invalid value: account \"meta\" is not in spec.accounts"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  overrides: [{markets: [US], state: Stopped}]",
        &["spec.overrides[0].state: Unsupported value: \"Stopped\": supported values: \"Active\", \"Paused\""],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  adopt: [{account: google-global, market: US, externalId: \"1\"}]",
        &["spec.adopt: Invalid value: needs adoptionPolicy: Adopt"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  adoptionPolicy: Adopt\n  adopt: [{account: google-global, market: FR, externalId: \"1\"}]",
        &["spec.adopt: Invalid value: market \"FR\" is not in spec.markets"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  adoptionPolicy: Adopt\n  adopt: [{account: meta, market: US, externalId: \"1\"}]",
        &["spec.adopt: Invalid value: account \"meta\" is not in spec.accounts"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  adoptionPolicy: Adopt\n  adopt: [{account: google-global, market: US, externalId: \"1\"}, {account: google-global, market: US, externalId: \"2\"}]",
        &["spec.adopt[1]: Duplicate value: {\"account\":\"google-global\",\"market\":\"US\"}"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  adoptionPolicy: Adopt\n  adopt: [{account: google-global, market: US, externalId: \"1\", name: Brand US}]",
        &["spec.adopt[0]: Invalid value: needs either externalId or name, not both"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  adoptionPolicy: Adopt\n  adopt: [{account: google-global, market: US}]",
        &["spec.adopt[0]: Invalid value: needs either externalId or name, not both"],
    ),
    campaign("end: 2027-05-31", "end: 2027-02-28", &["spec.flight.end: Invalid value: end must not be before start"]),
    campaign(
        "end: 2027-05-31",
        "end: 2027-02-30",
        &[
            "spec.flight.end: Invalid value: \"2027-02-30\": spec.flight.end in body must be of type date: \"2027-02-30\"",
        ],
    ),
    campaign(
        "end: 2027-05-31",
        "end: 31.05.2027",
        &[
            "spec.flight.end: Invalid value: \"31.05.2027\": spec.flight.end in body must be of type date: \"31.05.2027\"",
        ],
    ),
    campaign(
        "end: 2027-05-31",
        "end: 2027-5-31",
        &["spec.flight.end: Invalid value: \"2027-5-31\": spec.flight.end in body must be of type date: \"2027-5-31\""],
    ),
    campaign(
        "end: 2027-05-31",
        "end: 20270531",
        &["spec.flight.end: Invalid value: \"int64\": spec.flight.end in body must be of type date: \"int64\""],
    ),
    campaign(", end: 2027-05-31", "", &["spec.flight.end: Required value"]),
    campaign(
        "end: 2027-05-31",
        "end: 2027-05-31, timeZone: \"Europe Berlin\"",
        &[
            "spec.flight.timeZone: Invalid value: \"Europe Berlin\": spec.flight.timeZone in body should match '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$'",
        ],
    ),
    campaign(
        "daily: \"6000.00\"",
        "daily: 6000.00",
        &[
            "spec.budget.daily: Invalid value: \"integer\": spec.budget.daily in body must be of type string: \"integer\"",
        ],
    ),
    campaign(
        "daily: \"6000.00\"",
        "daily: 6000",
        &[
            "spec.budget.daily: Invalid value: \"integer\": spec.budget.daily in body must be of type string: \"integer\"",
        ],
    ),
    campaign(
        "daily: \"6000.00\"",
        "daily: \"0.00\"",
        &[
            "spec.budget.daily: Invalid value: \"0.00\": must be an amount above zero in quotes, for example \"1250.50\"",
        ],
    ),
    campaign(
        "daily: \"6000.00\"",
        "daily: \"-5\"",
        &["spec.budget.daily: Invalid value: \"-5\": must be an amount above zero in quotes, for example \"1250.50\""],
    ),
    campaign(
        "daily: \"6000.00\"",
        "daily: \"6,000.00\"",
        &[
            "spec.budget.daily: Invalid value: \"6,000.00\": must be an amount above zero in quotes, for example \"1250.50\"",
        ],
    ),
    campaign(
        "daily: \"6000.00\"",
        "daily: \"6000.00\", flight: \"90000\"",
        &["spec.budget: Invalid value: needs either daily or flight"],
    ),
    campaign("daily: \"6000.00\", ", "", &["spec.budget: Invalid value: needs either daily or flight"]),
    campaign(
        "currency: EUR",
        "currency: eur",
        &["spec.budget.currency: Invalid value: \"eur\": must be an ISO 4217 currency code, for example EUR"],
    ),
    campaign(
        "currency: EUR",
        "currency: EURO",
        &["spec.budget.currency: Invalid value: \"EURO\": must be an ISO 4217 currency code, for example EUR"],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870\", date: 2027-02-20}, {from: EUR, to: JPY, rate: \"163.21\", date: 2027-03-15}]",
        &[],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"0\", date: 2027-02-20}]",
        &["spec.budget.exchangeRates[0].rate: Invalid value: \"0\": must be a rate above zero in quotes, for example \"1.0870\""],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"-1.087\", date: 2027-02-20}]",
        &["spec.budget.exchangeRates[0].rate: Invalid value: \"-1.087\": must be a rate above zero in quotes, for example \"1.0870\""],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1,0870\", date: 2027-02-20}]",
        &["spec.budget.exchangeRates[0].rate: Invalid value: \"1,0870\": must be a rate above zero in quotes, for example \"1.0870\""],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870 USD\", date: 2027-02-20}]",
        &["spec.budget.exchangeRates[0].rate: Invalid value: \"1.0870 USD\": must be a rate above zero in quotes, for example \"1.0870\""],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: 1.087, date: 2027-02-20}]",
        &["spec.budget.exchangeRates[0].rate: Invalid value: \"number\": spec.budget.exchangeRates[0].rate in body must be of type string: \"number\""],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870\", date: 2026-02-20}]",
        &["spec.budget.exchangeRates: Invalid value: a rate is more than a year old when the flight begins: write a current one, with its date"],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870\", date: 20 Feb}]",
        &[
            "spec.budget.exchangeRates[0].date: Invalid value: \"20 Feb\": spec.budget.exchangeRates[0].date in body must be of type date: \"20 Feb\"",
        ],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870\", date: 2026-03-01}]",
        &[],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870\", date: 2072-02-20}]",
        &["spec.budget.exchangeRates: Invalid value: a rate is of a day after the flight: write the day that it was found on"],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870\"}]",
        &["spec.budget.exchangeRates[0].date: Required value"],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: GBP, to: USD, rate: \"1.0870\", date: 2027-02-20}]",
        &["spec.budget.exchangeRates: Invalid value: `from` is the budget's currency: a rate says how much of `to` one unit of it buys"],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: EUR, rate: \"1.0870\", date: 2027-02-20}]",
        &["spec.budget.exchangeRates: Invalid value: a rate from the budget's currency to itself says nothing: leave it out"],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: usd, rate: \"1.0870\", date: 2027-02-20}]",
        &["spec.budget.exchangeRates[0].to: Invalid value: \"usd\": must be an ISO 4217 currency code, for example EUR"],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: [{from: EUR, to: USD, rate: \"1.0870\", date: 2027-02-20}, {from: EUR, to: USD, rate: \"1.1\", date: 2027-02-20}]",
        &["spec.budget.exchangeRates[1]: Duplicate value: {\"to\":\"USD\"}"],
    ),
    campaign(
        "currency: EUR",
        "currency: EUR, exchangeRates: 1.087",
        &["spec.budget.exchangeRates: Invalid value: \"number\": spec.budget.exchangeRates in body must be of type array: \"number\""],
    ),
    campaign(
        "objective: Signups",
        "objective: Fame",
        &[
            "spec.objective: Unsupported value: \"Fame\": supported values: \"Awareness\", \"Traffic\", \"Leads\", \"Signups\", \"Sales\", \"AppInstalls\"",
        ],
    ),
    campaign("objective: Signups", "objectiv: Signups", &["unknown field \"spec.objectiv\""]),
    campaign(
        "objective: Signups",
        "objective: Signups\n  foo: 1\n  bar: {a: 1}",
        &["unknown field \"spec.bar\"", "unknown field \"spec.foo\""],
    ),
    campaign("euPoliticalAds: false, ", "", &["spec.declarations.euPoliticalAds: Required value"]),
    campaign(
        "specialAdCategories: []",
        "specialAdCategories: [Cars]",
        &[
            "spec.declarations.specialAdCategories[0]: Unsupported value: \"Cars\": supported values: \"Housing\", \"Employment\", \"FinancialProducts\", \"Politics\", \"Gambling\"",
        ],
    ),
    campaign(
        "euPoliticalAds: false",
        "euPoliticalAds: \"false\"",
        &[
            "spec.declarations.euPoliticalAds: Invalid value: \"string\": spec.declarations.euPoliticalAds in body must be of type boolean: \"string\"",
        ],
    ),
    campaign(
        "en: {headlines",
        "no: {headlines",
        &[
            "spec.ads[0].copy: Invalid value: write \"NO\" in quotes: YAML reads an unquoted NO (or no, on, off, yes) as false or true",
        ],
    ),
    campaign(
        "en: {headlines",
        "english: {headlines",
        &["spec.ads[0].copy: Invalid value: a key must be a locale, for example en or pt-BR"],
    ),
    campaign("headlines: [A, B, C], ", "", &["spec.ads[0].copy.en.headlines: Required value"]),
    campaign(
        "headlines: [A, B, C]",
        "headlines: [A, B, 3]",
        &[
            "spec.ads[0].copy.en.headlines[2]: Invalid value: \"integer\": spec.ads[0].copy.en.headlines[2] in body must be of type string: \"integer\"",
        ],
    ),
    campaign(
        "headlines: [A, B, C]",
        "headlines: [A, \"\", C]",
        &[
            "spec.ads[0].copy.en.headlines[1]: Invalid value: \"\": spec.ads[0].copy.en.headlines[1] in body should be at least 1 chars long",
        ],
    ),
    campaign(
        "headlines: [A, B, C]",
        "headlines: [h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15, h16]",
        &["spec.ads[0].copy.en.headlines: Too many: 17: must have at most 15 items"],
    ),
    campaign(
        "url: https",
        "url: htps",
        &[
            "spec.ads[0].url: Invalid value: \"htps://example.com/{market}\": must be a URL that begins with https:// or http://",
        ],
    ),
    campaign(
        "url: https://example.com/{market}",
        "url: https://example.com/{market}\n    media: [x.jpg]",
        &[
            "spec.ads[0].media[0]: Invalid value: \"x.jpg\": spec.ads[0].media[0] in body should match '^https?://[^ ]+$'",
        ],
    ),
    campaign(
        "  - name: trailer",
        "  - name: Trailer One",
        &[
            "spec.ads[0].name: Invalid value: \"Trailer One\": spec.ads[0].name in body should match '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'",
        ],
    ),
    campaign("  - name: trailer\n", "  - \n", &["spec.ads[0].name: Required value"]),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  meta: {bidding: {strategy: CostCap}}",
        &["spec.meta.bidding.amount: Required value: CostCap and BidCap need an amount"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  meta: {bidding: {amount: \"2.00\"}}",
        &["spec.meta.bidding.amount: Invalid value: is not for LowestCost"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  tiktok: {bidding: {strategy: BidCap, amount: \"2.00\"}}",
        &["spec.tiktok.bidding.strategy: Invalid value: BidCap is only for Meta: use CostCap"],
    ),
    campaign(
        "accounts: [google-global]",
        "accounts: [Google]",
        &["spec.accounts: Invalid value: \"Google\" is not the name of an AdAccount, nor namespace/name"],
    ),
    campaign(
        "accounts: [google-global]",
        "accounts: [a/b/c]",
        &["spec.accounts: Invalid value: \"a/b/c\" is not the name of an AdAccount, nor namespace/name"],
    ),
    campaign(
        "accounts: [google-global]",
        "accounts: [a0,a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12,a13,a14,a15,a16]",
        &["spec.accounts: Too many: 17: must have at most 16 items"],
    ),
    campaign(
        "spec:\n",
        "spec:\n  audience: {ages: 54-18}\n",
        &["spec.audience.ages: Invalid value: \"54-18\": the first age must not be above the second"],
    ),
    campaign(
        "spec:\n",
        "spec:\n  audience: {ages: 12+}\n",
        &["spec.audience.ages: Invalid value: \"12+\": must be like \"18-54\" or \"18+\", from 13 on"],
    ),
    campaign(
        "spec:\n",
        "spec:\n  audience: {ages: 18}\n",
        &[
            "spec.audience.ages: Invalid value: \"integer\": spec.audience.ages in body must be of type string: \"integer\"",
        ],
    ),
    campaign(
        "spec:\n",
        "spec:\n  audience: {genders: [Male, Male]}\n",
        &["spec.audience.genders[1]: Duplicate value: \"Male\""],
    ),
    campaign(
        "spec:\n",
        "spec:\n  fallbackLocale: no\n",
        &[
            "spec.fallbackLocale: Invalid value: \"boolean\": spec.fallbackLocale in body must be of type string: \"boolean\"",
        ],
    ),
    campaign(
        "spec:\n",
        "spec:\n  urlParameters: \"?a=b\"\n",
        &[
            "spec.urlParameters: Invalid value: \"?a=b\": must be query parameters without ? or # or spaces, for example \"utm_source={platform}&utm_content={market}\"",
        ],
    ),
    campaign(
        "spec:\n",
        "spec:\n  nameTemplate: \"{campaign} {locale}\"\n",
        &[
            "spec.nameTemplate: Invalid value: \"{campaign} {locale}\": the placeholders are {platform} {account} {campaign} {market}",
        ],
    ),
    campaign(
        "spec:\n",
        "spec:\n  google: {bidding: {strategy: ManualCpc}}\n",
        &["spec.google.bidding.maxCpc: Required value: ManualCpc needs maxCpc"],
    ),
    campaign(
        "spec:\n",
        "spec:\n  google: {bidding: {strategy: MaximizeConversions, maxCpc: \"1\"}}\n",
        &["spec.google.bidding.maxCpc: Invalid value: is not for MaximizeConversions: use targetCpa"],
    ),
    campaign(
        "spec:\n",
        "spec:\n  google: {bidding: {targetCpa: \"1\"}}\n",
        &["spec.google.bidding.targetCpa: Invalid value: is only for MaximizeConversions"],
    ),
    campaign(
        "spec:\n",
        "spec:\n  google: {keywords: {no: [x]}}\n",
        &[
            "spec.google.keywords: Invalid value: write \"NO\" in quotes: YAML reads an unquoted NO (or no, on, off, yes) as false or true",
        ],
    ),
    campaign(
        "spec:\n",
        "spec:\n  google: {channel: Display}\n",
        &["spec.google.channel: Unsupported value: \"Display\": supported values: \"Search\""],
    ),
    campaign(
        "spec:\n",
        "spec:\n  suspend: \"yes\"\n",
        &["spec.suspend: Invalid value: \"string\": spec.suspend in body must be of type boolean: \"string\""],
    ),
    campaign("spec:\n", "spec:\n  suspend: yes\n", &[]),
    campaign(
        "spec:\n",
        "spec:\n  ignoreFields: [Budget, Colour]\n",
        &[
            "spec.ignoreFields[1]: Unsupported value: \"Colour\": supported values: \"Name\", \"Budget\", \"Delivery\", \"Start\", \"End\", \"Places\", \"Languages\", \"Ages\", \"Genders\", \"Keywords\", \"NegativeKeywords\", \"Ads\", \"UrlSuffix\", \"Bidding\", \"Networks\", \"ConversionAction\"",
        ],
    ),
    campaign(
        "spec:\n",
        "spec:\n  ignoreFields: [Budget, Budget]\n",
        &["spec.ignoreFields[1]: Duplicate value: \"Budget\""],
    ),
    campaign(
        "namespace: growth}\nspec",
        "namespace: growth, lables: {a: b}}\nspec",
        &["unknown field \"metadata.lables\""],
    ),
    campaign(
        "{name: c,",
        "{name: C_x,",
        &[
            "metadata.name: Invalid value: \"C_x\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        ],
    ),
    campaign("kind: Campaign\n", "kind: Campaign\nfoo: bar\n", &["unknown field \"foo\""]),
    campaign(
        "objective: Signups",
        "objective: 5",
        &[
            "spec.objective: Invalid value: \"integer\": spec.objective in body must be of type string: \"integer\"",
            "spec.objective: Unsupported value: 5: supported values: \"Awareness\", \"Traffic\", \"Leads\", \"Signups\", \"Sales\", \"AppInstalls\"",
        ],
    ),
    campaign(
        "end: 2027-05-31",
        "end: true",
        &["spec.flight.end: Invalid value: \"\": spec.flight.end in body must be of type date: \"\""],
    ),
    campaign(
        "end: 2027-05-31",
        "end: 1.5",
        &["spec.flight.end: Invalid value: \"float64\": spec.flight.end in body must be of type date: \"float64\""],
    ),
    campaign("end: 2027-05-31", "end: {a: b}", &["unknown field \"spec.flight.end.a\""]),
    campaign(
        "end: 2027-05-31",
        "end: \"\"",
        &["spec.flight.end: Invalid value: \"\": spec.flight.end in body must be of type date: \"\""],
    ),
    campaign(
        "copy:\n      en: {headlines: [A, B, C], descriptions: [D, E]}",
        "copy: {}",
        &["spec.ads[0].copy: Invalid value: 0: spec.ads[0].copy in body should have at least 1 properties"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {accounts: {a0: 1,a1: 1,a2: 1,a3: 1,a4: 1,a5: 1,a6: 1,a7: 1,a8: 1,a9: 1,a10: 1,a11: 1,a12: 1,a13: 1,a14: 1,a15: 1,a16: 1}}",
        &["spec.split.accounts: Too many: 17: must have at most 16 items"],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {markets: {US: 20000}}",
        &[
            "spec.split.markets.US: Invalid value: 20000: spec.split.markets.US in body should be less than or equal to 10000",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {markets: {US: true}}",
        &["spec.split.markets.US: Invalid value: \"\": spec.split.markets.US in body must be of type int32: \"\""],
    ),
    campaign("groups: {dach: [DE, AT, CH]}", "groups: {dach: [DE]}\n  split: {markets: {US: null}}", &[]),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: [DE]}\n  split: {markets: {US: 99999999999}}",
        &[
            "spec.split.markets.US: Invalid value: 99999999999: spec.split.markets.US in body should be less than or equal to 10000",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: {dach: null}",
        &[
            "spec.markets: Invalid value: \"dach\" is not in spec.groups; a country is written in capitals, for example US",
        ],
    ),
    campaign(
        "groups: {dach: [DE, AT, CH]}",
        "groups: [dach]",
        &["spec.groups: Invalid value: \"array\": spec.groups in body must be of type object: \"array\""],
    ),
    campaign("spec:\n", "spec:\n  audience:\n", &[]),
    campaign("spec:\n", "spec:\n  state:\n", &[]),
    campaign("spec:\n", "spec:\n  meta: {foo: 1}\n", &["unknown field \"spec.meta.foo\""]),
    campaign(
        "spec:\n",
        "spec:\n  google: {keywords: {en: [\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"]}}\n",
        &["spec.google.keywords.en[0]: Too long: may not be more than 84 bytes"],
    ),
    campaign(
        "euPoliticalAds: false",
        "euPoliticalAds: 0",
        &[
            "spec.declarations.euPoliticalAds: Invalid value: \"integer\": spec.declarations.euPoliticalAds in body must be of type boolean: \"integer\"",
        ],
    ),
    campaign(
        "euPoliticalAds: false",
        "euPoliticalAds: 1.5",
        &[
            "spec.declarations.euPoliticalAds: Invalid value: \"number\": spec.declarations.euPoliticalAds in body must be of type boolean: \"number\"",
        ],
    ),
    campaign(
        "accounts: [google-global]",
        "accounts: [google-global, {a: b}]",
        &["unknown field \"spec.accounts[1].a\""],
    ),
    campaign(
        "accounts: [google-global]",
        "accounts: [google-global, [a]]",
        &["spec.accounts[1]: Invalid value: \"array\": spec.accounts[1] in body must be of type string: \"array\""],
    ),
    account(
        "accountId: \"123-456-7890\"",
        "accountId: 1234567890",
        &["spec.accountId: Invalid value: \"integer\": spec.accountId in body must be of type string: \"integer\""],
    ),
    account(
        "accountId: \"123-456-7890\"",
        "accountId: \"123-456\"",
        &["spec.accountId: Invalid value: a Google Ads account is 10 digits, for example \"123-456-7890\""],
    ),
    account(
        "platform: Google",
        "platform: Meta",
        &[
            "spec.accountId: Invalid value: a Meta ad account is digits, with or without act_ before them, for example \"act_1234567890\"",
        ],
    ),
    account(
        "platform: Google",
        "platform: TikTok",
        &["spec.accountId: Invalid value: a TikTok advertiser is digits, for example \"7012345678901234567\""],
    ),
    account(
        "platform: Google",
        "platform: Pinterest",
        &["spec.accountId: Invalid value: a Pinterest ad account is up to 18 digits, for example \"549755885175\""],
    ),
    account(
        "platform: Google",
        "platform: Bing",
        &["spec.platform: Unsupported value: \"Bing\": supported values: \"Google\", \"Meta\", \"TikTok\", \"Pinterest\""],
    ),
    account(
        "spec:\n",
        "spec:\n  managerId: abc\n",
        &["spec.managerId: Invalid value: a Google Ads manager account is 10 digits, for example \"111-222-3333\""],
    ),
    account("spec:\n", "spec:\n  meta: {pageId: \"1\"}\n", &["spec.meta: Invalid value: is only for platform Meta"]),
    account("spec:\n", "spec:\n  meta: {}\n", &["spec.meta: Invalid value: is only for platform Meta"]),
    account(
        "spec:\n",
        "spec:\n  tiktok: {pixelId: \"1\"}\n",
        &["spec.tiktok: Invalid value: is only for platform TikTok"],
    ),
    account(
        "spec:\n",
        "spec:\n  pinterest: {ads: ByHand}\n",
        &["spec.pinterest: Invalid value: is only for platform Pinterest"],
    ),
    account(
        "spec:\n",
        "spec:\n  allowedNamespaces: {from: Selector}\n",
        &["spec.allowedNamespaces.selector: Required value: from: Selector needs a selector"],
    ),
    account(
        "spec:\n",
        "spec:\n  allowedNamespaces: {selector: {matchLabels: {a: b}}}\n",
        &["spec.allowedNamespaces.from: Invalid value: a selector needs from: Selector"],
    ),
    account(
        "spec:\n",
        "spec:\n  allowedNamespaces: {from: Some}\n",
        &[
            "spec.allowedNamespaces.from: Unsupported value: \"Some\": supported values: \"Same\", \"All\", \"Selector\"",
        ],
    ),
    account(
        "spec:\n",
        "spec:\n  pollInterval: 5\n",
        &[
            "spec.pollInterval: Invalid value: \"integer\": spec.pollInterval in body must be of type string: \"integer\"",
        ],
    ),
    account(
        "spec:\n",
        "spec:\n  pollInterval: 5min\n",
        &[
            "spec.pollInterval: Invalid value: \"5min\": spec.pollInterval in body should match '^[1-9][0-9]{0,5}(s|m|h)$'",
        ],
    ),
    account(
        "spec:\n",
        "spec:\n  endpoint: localhost\n",
        &["spec.endpoint: Invalid value: \"localhost\": must be a URL that begins with https:// or http://"],
    ),
    account(
        "spec:\n",
        "spec:\n  apiVersion: \"26\"\n",
        &["spec.apiVersion: Invalid value: \"26\": spec.apiVersion in body should match '^v[0-9]+([.][0-9]+)?$'"],
    ),
    account("  ceiling: {daily: \"20000.00\", currency: EUR}\n", "", &["spec.ceiling: Required value"]),
    account(", currency: EUR", "", &["spec.ceiling.currency: Required value"]),
    account(
        "{name: google-ads}",
        "google-ads",
        &[
            "spec.credentialsSecretRef: Invalid value: \"string\": spec.credentialsSecretRef in body must be of type object: \"string\"",
        ],
    ),
    account(
        "{name: google-ads}",
        "{name: \"\"}",
        &[
            "spec.credentialsSecretRef.name: Invalid value: \"\": spec.credentialsSecretRef.name in body should be at least 1 chars long",
        ],
    ),
];
