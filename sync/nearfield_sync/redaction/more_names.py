"""Common names that the package's lists lack."""

from __future__ import annotations

from typing import Final

from nearfield_sync.redaction.vocabulary import words_of

GIVEN: Final = words_of(
    """
    susan betty margaret dorothy sharon cynthia kathleen katherine helen debra janet catherine
    heather cheryl ann kathryn judy marilyn theresa brittany lori alfie isla poppy eleanor imogen
    clare jane sue beth jenny becky holly annie rosie maggie peggy lynne niamh siobhan aoife sinead
    saoirse declan conor cormac padraig eoin callum hamish angus euan rhys sian bronwen carys priya
    rahul vikram ananya arjun amit anil sunil raj sanjay vijay deepak neha pooja anjali kavita
    sunita lakshmi divya shreya aditya karthik suresh ramesh mahesh ganesh harish manish nikhil
    siddharth meera asha geeta muhammad hussein khalid tariq zainab jing xiu hiroshi akira sakura
    haruto yui takeshi naoko kwame kofi chidi ngozi chinedu oluwaseun funmi zuri thabo sipho dmitri
    sergei kateryna oksana andriy mykola vladimir ekaterina malgorzata pavel zuzana laszlo istvan
    zoltan nikos giorgos dimitris anders beverly gillian clive kirsty lorraine rosemary rashid
    mustafa ayse duc
    """
)
SURNAMES: Final = words_of(
    """
    sharma kumar gupta chowdhury iyer reddy nair menon das banerjee mukherjee chatterjee agarwal
    mehta desai joshi kapoor malhotra verma mishra rahman okonkwo adeyemi okafor eze mensah owusu
    abdullah zhang liu huang zhao wu zhou tanaka suzuki sato watanabe yamamoto nakamura kobayashi
    choi kang yoon hoang doherty byrne oconnor obrien oneill mcgregor petrov ivanov smirnov
    kuznetsov novak horvat schaefer souza o'connor o'brien o'neill o'reilly o'donnell o'sullivan
    """
)
SURE_SURNAMES: Final = words_of(
    """
    smith johnson jones miller davis martinez anderson thomas jackson martin lee thompson harris
    clark lewis robinson allen scott adams campbell mitchell roberts evans edwards collins stewart
    morris morales rogers morgan kelly kim richardson james ross russell henderson patterson
    alexander hamilton graham griffin medina stevens harrison washington henry gordon dixon daniels
    ferguson stephens ryan arnold peters duncan hudson andrews matthews richards weber costa
    """
)
"""Surnames that a list of words holds, though hardly anybody means another thing by them."""
