"""Short lists of English words that tell a name from a word with a capital. Small letters."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BEFORE_NAMES = _words(
    """
    a about above according across actually add after again against agent ah all almost
    alright also although always am an and another any anyway apparently are as ask asking at
    attention be because been before being below best between both bring but by bye call calls
    can cannot cc check choose chosen click come comes compare confirm contact could customer
    customers dear did do doctor does dr during each either email enter even every everyone
    everything excellent except fill find fine first for forget from get give given go goes
    good goodbye great greetings had half has have he hello help her here hey hi his how
    however i if in indeed instead into is it its join just keep kind last later let like log
    look looks made make many maybe me meanwhile meet message miss more morning most mr mrs ms
    much must my name near neither never new next no nobody none nor normally not note nothing
    now of off often oh ok okay old on once one only onto open or order other otherwise our
    ours over pay per perhaps please press prof put regards reply right said say says second
    see select send sent set she should show since so some someone something sometimes soon
    sorry speak st still such sure switch take talk tap tell telling than thank thanks that
    the their them then there therefore these they thing third this those though three through
    thus till to today tomorrow too track try turn two under unfortunately unless until up
    upon us use using usually very via visit wait warm was we welcome well were what whatever
    when whenever where whether which while who whom whose why will with within without write
    writes wrote yes yesterday yet you your yours
    """
)
"""Words that may stand with a capital before a name and are no part of it."""

ORDINARY = _words(
    """
    account accounts address advanced agents alerts american app appearance apps arabic
    article articles australian austrian basket battery belgian bill billing bills bluetooth
    bonus booking bookings box boxes branch british button calendar canadian cancel card cards
    cart case cases category change channels chat checkout chinese christmas claim claims
    close code codes company contract contracts dad danish data delete delivery department
    details developers device devices directory dispute documents dollar dollars done download
    downloads dutch easter edit end english euribor euro european euros exchange export filter
    finnish forgot forgotten french gbps german ghz god greek hide hindi history home hub id
    ids import inbox indian info information integrations internet invite invoice invoices
    irish italian japanese kbps khz korean language latest latin leave link list login logout
    lost madam manage manager mbps member members membership menu messages mhz mine missing
    mobile modem mom mum my network newsletter norwegian notifications notify offers office
    options orders overview owner page password passwords pause payment payments people
    personal pharmacy phd phone photos pin pins plan plans playback policy polish portuguese
    pound pounds preferences price prices pricing privacy problem product products profile
    profiles question questions receipt receipts recover refund refunds remove report reports
    request requests reset restore retry return returns review revoke room rooms russian
    safety sale save scottish search security seller sender service services settings share
    shipping shop sign sir sirs sound source sources spanish start starter status store
    subject subscription subscriptions subtitles summary support swedish swiss team terms thai
    ticket tickets title together tools total tracking transfer travel trips turkish tv tvs
    update updates upgrade user users video vietnamese wallet wants watch welsh wi-fi wifi
    x-ray x-rays
    """
)
"""Words of menus, addresses to people, languages, units: no names where they stand alone."""

COMPANIES = _words(
    """
    ag air airlines airways bank bikes books co company corp direct electronics energy express
    foods foundation gmbh group holding hotels inc industries insurance kg labs llc logistics
    ltd markets media mobile motors ohg partners post sa services shop solutions store stores
    systems technologies telecom travel union works
    """
)
"""Last words of companies' names."""

STREETS = _words("avenue boulevard lane road square street")
"""Last words of streets."""

TIMES = _words(
    """
    apr april aug august dec december feb february fri friday fridays jan january jul july jun
    june mar march may mon monday mondays nov november oct october sat saturday saturdays sep
    sept september sun sunday sundays thu thur thurs thursday thursdays tue tues tuesday tuesdays
    wed wednesday wednesdays
    """
)
"""Months and weekdays, which are dates."""
