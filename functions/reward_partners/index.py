"""Partners whose vouchers points buy: their codes, what they push to us, and where their books differ from ours."""

from twinshore import rewards_wiring, wiring
from twinshore.rewards import wire
from twinshore.rewards.differences import differences
from twinshore.web import Door, Request

door = main_handler = Door("reward_partners", wiring)
PARTNER = "/v1/rewards/partners/{partner}"


@door.post("/v1/rewards/stock", takes=wire.CodesIn, gives=wire.CodesOut, who="service", problems=wire.STOCKING)
def stock(request: Request, body: wire.CodesIn) -> object:
    return wire.CodesOut(**rewards_wiring.take_in(wiring.store(), body, request.now)._asdict())


@door.post(f"{PARTNER}/notices", gives=wire.HeardOut, problems=wire.HEARING, from_provider=True)
def hear(request: Request) -> object:
    heard = rewards_wiring.hear(wiring.store(), request.params["partner"], request)
    return wire.HeardOut(**heard._asdict())


@door.get(f"{PARTNER}/differences", gives=wire.DifferencesOut, who="service")
def differ(request: Request) -> object:
    return wire.DifferencesOut.of(differences(wiring.store(), request.params["partner"]))
