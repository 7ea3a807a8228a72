"""Words that decide what is personal and what is an ordinary question: English, in small letters."""

from __future__ import annotations

from typing import Final


def words_of(text: str) -> frozenset[str]:
    """The words of a text between white space, as a set."""
    return frozenset(text.split())


MONTHS: Final = words_of(
    """
    january february march april may june july august september october november december jan feb mar
    apr jun jul aug sep sept oct nov dec
    """
)
NUMBERS: Final = words_of(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
    thousand million billion
    """
)
ORDINALS: Final = words_of(
    """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth st nd rd th
    """
)
FUNCTION_WORDS: Final = words_of(
    """
    a an the this that these those my your his her its our their mine yours i you he she it we they me
    him us them i'm i've i'd i'll you're you've he's she's it's we're we've they're who whom whose what
    which where when why how and or but if because so than as of to in on at by for from with without
    about into onto over under after before between through during until till since up down out off near
    is am are was were be been being do does did done doing have has had having can could may might must
    shall should will would not no don't doesn't didn't isn't aren't wasn't can't couldn't won't
    wouldn't there here then now just only also too very again please thanks thank hello hi hey yes okay
    ok well some any all every each both either neither more most much many few 's
    """
)
PLACE_AFTER: Final = words_of(
    """
    street st road rd avenue ave lane drive court square boulevard park bridge station hospital airport
    university college school museum stadium church cathedral day beach bay island islands lake mountain
    mountains river valley county hotel building tower centre center hall theatre theater arena library
    castle palace gardens zoo city province state desert canyon falls harbour harbor peninsula club
    foundation prize award cup clinic bank room lounge restaurant steakhouse corner garden suite saga
    account accounts tower towers airlines cafe bar avenue jr burger sandwich salad pizza cake tea
    coffee sauce wine beer whiskey whisky vodka cocktail perfume shoes
    """
)
"""After a name: what is named is a place or a thing."""

PLACE_BEFORE: Final = words_of(
    """
    saint st lake mount mt fort port san santa new south north east west los las el cape point river
    hotel café cafe prince princess queen king president emperor pope lord planet hurricane team brand
    captain uncle aunt
    """
)
"""Before a name: what is named is a place, a ruler or a thing."""

PUBLIC_CUES: Final = words_of(
    """
    song songs album albums band movie movies film films books novel novels author wrote written
    directed director actor actress singer sings sang played playing play listen music track tracks
    artist concert tune playlist invented inventor discovered painted painter painting composed composer
    symphony president minister emperor starring lyrics famous celebrity biography poem poems poet
    season episode series star photograph saga showing showings trailer soundtrack chant melody hear
    rating points photo chronicle tunes works creative movie weather forecast game games recipe lists
    novelist king queen won championship team scored goal goals elected quote quotes theory theorem
    philosophy wars
    """
)
"""Words of questions about public people, whose names are what is asked for."""

TITLES: Final = words_of("mr mrs ms mx mister missus")
DETERMINERS: Final = words_of(
    """
    the a an my your his her our their this that next last conference video phone no
    """
)
LOOSE_TITLES: Final = words_of("miss doctor dr professor prof sir madam nurse officer father sister")
"""Titles that are words too: a name follows only where the lists know it."""

PARTICLES: Final = words_of("de la del van von der den di da dos el al bin ibn ben mac mc o st du le")
RELATIONS: Final = words_of(
    """
    wife husband son daughter brother sister mother father mom mum dad boss manager colleague friend
    partner doctor girlfriend boyfriend assistant neighbour neighbor uncle aunt grandmother grandfather
    cousin fiancé fiancée host coworker supervisor roommate nephew niece client customer guest secretary
    therapist dentist landlord teacher
    """
)
PERSON_VERBS: Final = words_of(
    """
    call ring phone telephone tell ask email text message meet remind invite contact page notify thank
    calling meeting emailing texting reach inform facetime interview
    """
)
"""Verbs whose object is a person."""

UNITS: Final = words_of(
    """
    percent dollar dollars pound pounds euro euros cent cents pence minute minutes hour hours second
    seconds day days week weeks month months year years people persons guests degrees celsius fahrenheit
    kilometres kilometers metres meters miles mile feet foot inches grams gram kilos kilo kilograms
    litres liters cups cup ounces o'clock am pm times plus minus divided multiplied calories points
    million billion thousand bucks lattes coffees teas pieces tablespoons teaspoons yen rupees star
    stars seats tickets bottles items inch bit bits gigabytes megabytes
    """
)
"""After a number: it counts something."""

STREETS: Final = words_of(
    """
    street road avenue lane drive court place square boulevard way terrace close crescent highway row
    mews hill parkway circle st rd ave blvd strasse straße gardens grove quay alley walk trail turnpike
    wharf
    """
)
SURE_STREETS: Final = words_of(
    """
    street road avenue lane boulevard terrace crescent mews parkway blvd rd ave strasse straße grove
    """
)
"""Words that make an address of whatever stands before them; the others need a number before."""

TOP_DOMAINS: Final = words_of(
    """
    com org net edu gov info io dev app eu de fr us ca uk co ac ie nl es it ch at be pl se no dk fi pt
    au nz in biz me tv ai xyz online shop tech cloud
    """
)
