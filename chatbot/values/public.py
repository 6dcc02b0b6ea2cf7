"""Names that say nothing about a person: countries, languages, programs and firms all know.

Kept out of masking, so that a question about Python or Portugal still asks about them. Short on
purpose: a workspace adds its own. Small letters.
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.replace("\n", ",").split(",") if name.strip())


PUBLIC = _names(
    """
    afghanistan, africa, albania, algeria, america, argentina, armenia, asia, australia, austria
    azerbaijan, bahrain, bangladesh, belarus, belgium, bolivia, bosnia, brazil, britain, bulgaria
    cambodia, cameroon, canada, chile, china, colombia, congo, costa rica, croatia, cuba, cyprus
    czech republic, czechia, denmark, ecuador, egypt, england, estonia, ethiopia, eu, europe
    european union, finland, france, germany, ghana, great britain, greece, greenland, guatemala
    hong kong, hungary, iceland, india, indonesia, iran, iraq, ireland, israel, italy, jamaica
    japan, kazakhstan, kenya, korea, kuwait, latvia, lebanon, libya, liechtenstein, lithuania
    luxembourg, malaysia, malta, mexico, moldova, monaco, mongolia, montenegro, morocco, nepal
    netherlands, new zealand, nigeria, north america, northern ireland, norway, oman, pakistan
    panama, paraguay, peru, philippines, poland, portugal, puerto rico, qatar, romania, russia
    saudi arabia, scandinavia, scotland, senegal, serbia, singapore, slovakia, slovenia
    south africa, south america, south korea, spain, sri lanka, sudan, sweden, switzerland, syria
    taiwan, tanzania, thailand, tunisia, turkey, türkiye, uganda, uk, ukraine
    united arab emirates, united kingdom, united nations, united states, uruguay, us, usa
    uzbekistan, venezuela, vietnam, wales, yemen, zambia, zealand, zimbabwe
    african, asian, bengali, brazilian, catalan, chinese, croatian, czech, greek, hebrew, hindi
    hungarian, icelandic, indonesian, iranian, mandarin, mexican, persian, romanian, serbian
    swahili, tamil, ukrainian, urdu
    adobe, airbnb, airtable, alexa, alpine, amazon, android, angular, ansible, apache, apple
    arduino, asana, atlassian, aws, azure, bash, bing, bitcoin, bootstrap, canva, chatgpt, chrome
    chromebook, claude, cloudflare, cobol, confluence, copilot, css, debian, discord, django
    docker, dropbox, ebay, eclipse, edge, elasticsearch, elixir, erlang, ethereum, etsy, excel
    expressjs, facebook, facetime, fastapi, fedora, figma, firebase, firefox, flask, flutter
    fortran, gemini, git, github, gitlab, gmail, go, golang, google, google maps, google play
    gpt, gradio, grafana, haskell, heroku, html, ibm, icloud, imap, instagram, intel, ios, ipad
    iphone, itunes, java, javascript, jenkins, jira, jquery, jupyter, kafka, keras, kindle
    kotlin, kubernetes, langchain, latex, laravel, linkedin, linux, llama, mac, macbook, macos
    mariadb, markdown, mastercard, mastodon, matlab, meta, microsoft, microsoft edge
    microsoft excel, microsoft office, microsoft teams, microsoft word, mistral, mongodb, mozilla
    mysql, netflix, nginx, nodejs, notion, numpy, nvidia, office, onedrive, openai, opera
    oracle, outlook, pandas, paypal, perl, php, pinterest, playstation, postgres, postgresql
    powerpoint, powershell, prolog, prometheus, pycharm, pytest, python, pytorch, qt, quickbooks
    rails, react, reddit, redis, rest, ruby, ruby on rails, rust, safari, salesforce, samsung, sap
    scala, shopify, signal, siri, skype, slack, snapchat, sony, spark, spotify, sql, sqlite
    stack overflow, stripe, swift, tcp, teams, telegram, tensorflow, terraform, tiktok, trello
    twitch, twitter, typescript, ubuntu, uber, unicode, unix, venmo, vercel, vim, visa
    visual studio, visual studio code, vlc, vue, wechat, whatsapp, wikipedia, windows, wordpress
    xbox, xml, yahoo, yaml, youtube, zapier, zendesk, zoom
    earth, moon, mars, jupiter, venus, sun, christian, christmas, bible, buddhist, catholic, islam
    jewish, muslim, protestant
    """
)
"""Casefolded; several words together are one name."""
