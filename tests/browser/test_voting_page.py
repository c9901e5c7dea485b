"""What a voter meets: the page of lesson votes, on a deployed lesson, in Chromium."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from lab.api import Api
from tests.browser.conftest import CHROMIUM, Visit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),  # one browser and one deployment serve them all
    pytest.mark.skipif(CHROMIUM is None, reason="the voting page in a browser: there is none (package chromium)"),
]


def votes(api: Api, option: str) -> int:
    return next(each["votes"] for each in api.get("results")["results"] if each["option_id"] == option)


def message(page: Page) -> Locator:
    return page.locator("#message")


def told_votes(page: Page, name: str) -> Locator:
    """Return the cell of the table that has a driver's votes."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name)).get_by_role("cell").nth(1)


def keep_votes(page: Page, *answers: int | str, headers: dict[str, str] | None = None) -> list[dict[str, str]]:
    """Let votes be answered with these statuses, or aborted, and by the API after them; return what is sent."""
    left, sent = list(answers), []

    def answer(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or ""))
        if not left:
            route.continue_()
        elif isinstance(status := left.pop(0), int):
            route.fulfill(status=status, json={"message": "Too Many Requests"}, headers=headers or {})
        else:
            route.abort(status)

    page.route("**/votes", answer)
    return sent


def test_a_vote_by_mouse_is_told_counted_and_remembered(visit: Visit, api: Api):
    before = votes(api, "norris")
    reader = visit()
    reader.option("Lando Norris").click()
    expect(message(reader.page)).to_have_text("Vote received: Lando Norris.")
    expect(reader.option("Lando Norris")).to_contain_text("your last vote")
    expect(told_votes(reader.page, "Lando Norris")).to_have_text(str(before + 1))
    assert reader.page.locator("[data-option=norris] i").evaluate("bar => bar.style.getPropertyValue('--part')") == "1"

    reader.page.reload()
    expect(message(reader.page)).to_have_text("Last time you voted for Lando Norris. You may vote again.")
    expect(reader.option("Lando Norris")).to_contain_text("your last vote")
    # Its policy lets it do all it does, and nothing comes from elsewhere.
    assert reader.complaints == []
    assert [url for url in reader.requests if not url.startswith((api.url, "data:"))] == []


def test_a_vote_by_keyboard_alone_and_held_down_is_one(visit: Visit, api: Api):
    before = votes(api, "albon")
    reader = visit()
    reader.option("Alexander Albon").wait_for()
    focused: list[str] = []
    for _step in range(4):
        reader.page.keyboard.press("Tab")
        focused.append(reader.page.evaluate("document.activeElement.innerText.trim()"))
        outline = reader.page.evaluate("getComputedStyle(document.activeElement).outline")
        assert "solid 3px" in outline
    assert focused == ["Español", "Português", "English", "Alexander Albon"]
    for _repeat in range(5):
        reader.page.keyboard.down("Enter")
    expect(message(reader.page)).to_have_text("Vote received: Alexander Albon.")
    reader.page.wait_for_timeout(1100)  # until a new vote would be taken
    reader.page.keyboard.down("Enter")
    reader.page.keyboard.up("Enter")
    expect(told_votes(reader.page, "Alexander Albon")).to_have_text(str(before + 1))
    assert reader.page.evaluate("document.activeElement.value") == "albon"  # the focus stays
    assert reader.posts() == 1


def test_however_often_it_is_clicked_it_is_one_vote(visit: Visit, api: Api):
    before = votes(api, "gasly")
    reader = visit(before=lambda page: page.clock.install())
    reader.option("Pierre Gasly").wait_for()
    # The answer is there at once, as the page's clock has it; what comes within a second belongs to the same tap.
    reader.page.clock.pause_at(reader.page.evaluate("new Date(Date.now() + 60_000).toISOString()"))
    reader.option("Pierre Gasly").dblclick()
    expect(message(reader.page)).to_contain_text("Vote received")
    reader.page.clock.run_for(400)
    reader.option("Isack Hadjar").click(force=True)
    reader.page.clock.run_for(400)
    reader.option("Pierre Gasly").click(force=True)
    reader.page.clock.resume()
    expect(told_votes(reader.page, "Pierre Gasly")).to_have_text(str(before + 1))
    assert reader.posts() == 1
    # Then one may vote again.
    expect(reader.option("Pierre Gasly")).to_have_attribute("aria-disabled", "false")
    reader.option("Pierre Gasly").click()
    expect(told_votes(reader.page, "Pierre Gasly")).to_have_text(str(before + 2))


def test_votes_from_elsewhere_appear_by_themselves(visit: Visit, api: Api):
    leads = max(each["votes"] for each in api.get("results")["results"]) + 1
    reader = visit()
    reader.option("Carlos Sainz").wait_for()
    for number in range(leads):
        api.post("votes", json.dumps({"vote": "sainz", "id": f"elsewhere-{number}"}).encode())
    first = reader.page.locator("#ranking tr").first
    expect(first).to_contain_text("Carlos Sainz")
    expect(told_votes(reader.page, "Carlos Sainz")).to_have_text(str(leads))
    total = api.get("results")["total"]
    expect(reader.page.locator("#total")).to_have_text(str(total))
    expect(first.get_by_role("cell").nth(2)).to_have_text(f"{round(100 * leads / total, 1):g}%")


def test_the_readers_language_else_the_lessons_and_a_switch(visit: Visit):
    titles = {"es": "Piloto del día", "pt": "Piloto do dia"}
    for wanted, language in (("pt-BR", "pt"), ("fr", "es")):
        reader = visit(language=wanted)
        expect(reader.page).to_have_title(titles[language])
        assert reader.page.evaluate("document.documentElement.lang") == language
    reader.page.get_by_role("button", name="Português").click()
    reader.page.reload()
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Piloto do dia")
    expect(reader.page.get_by_role("button", name="Português")).to_have_attribute("aria-pressed", "true")
    assert reader.page.evaluate("document.documentElement.lang") == "pt"
    reader.option("Nico Hülkenberg").click()
    expect(message(reader.page)).to_have_text("Voto recebido: Nico Hülkenberg.")
    # What has been said is said in the new language, too.
    reader.page.get_by_role("button", name="English").click()
    expect(message(reader.page)).to_have_text("Vote received: Nico Hülkenberg.")


def test_it_fits_a_small_phone_and_a_finger(visit: Visit):
    large = [
        {"option_id": "long", "name": "Maximilian-Alexander" * 3, "votes": 12_345_678},
        {"option_id": "short", "name": "Kimi", "votes": 1},
    ]

    def many(page: Page) -> None:
        page.route("**/results", lambda route: route.fulfill(json={"results": large, "total": 12_345_679}))
        keep_votes(page, *[503] * 6)

    reader = visit(width=320, before=many)
    reader.page.locator("#options button").first.click()
    for language in ("Español", "Português", "English"):
        reader.page.get_by_role("button", name=language).click()
        expect(message(reader.page)).not_to_be_empty()
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= 320
        sizes = reader.page.evaluate(
            """[...document.querySelectorAll("button:not([hidden]), a")].map((each) => each.getBoundingClientRect())
            .map(({width, height}) => [width, height])"""
        )
        assert len(sizes) == 6
        assert [size for size in sizes if min(size) < 44] == []


CONTRASTS = """() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => parse(color).slice(0, 3).map((each) => each / 255)
    .map((each) => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [.2126, .7152, .0722][index], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((parse(color)[3] ?? 1) === 1) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + .05) / (dark + .05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    found.push([element.innerText, ratio(getComputedStyle(element).color, ground(element))]);
  }
  const bars = [...document.querySelectorAll(".bar")].map((bar) => ["bar", 1.5 * ratio(
    getComputedStyle(bar.firstChild).backgroundColor, ground(bar.parentElement))]);  // 3 : 1 is enough for them
  return [...found, ...bars];
}"""


def test_everything_can_be_read_in_either_scheme(visit: Visit):
    reader = visit()
    reader.option("Liam Lawson").click()
    expect(message(reader.page)).to_contain_text("Vote received")
    for scheme, ground in (("light", "rgb(244, 244, 246)"), ("dark", "rgb(21, 21, 30)")):
        reader.page.emulate_media(color_scheme=scheme)
        expect(reader.page.locator("body")).to_have_css("background-color", ground)
        contrasts = reader.page.evaluate(CONTRASTS)
        assert len(contrasts) > 100
        assert [each for each in contrasts if each[1] < 4.5] == []


def test_a_screen_reader_finds_names_roles_and_what_has_changed(visit: Visit):
    reader = visit()
    reader.option("Esteban Ocon").click()
    expect(message(reader.page)).to_contain_text("Vote received")
    expect(reader.page.locator("body")).to_match_aria_snapshot("""
      - banner:
        - group "Language":
          - button "Español"
          - button "Português"
          - button "English" [pressed]
        - heading "Driver of the day" [level=1]
      - main:
        - region "Your vote":
          - heading "Your vote" [level=2]
          - list:
            - listitem:
              - button "Alexander Albon"
        - region "Results":
          - heading "Results" [level=2]
          - status: "Live: the results update by themselves."
          - table "Results":
            - rowgroup:
              - row "Pos. Driver Votes %":
                - columnheader "Pos."
                - columnheader "Driver"
                - columnheader "Votes"
                - columnheader "%"
            - rowgroup:
              - row /Esteban Ocon \\d+ \\d/:
                - rowheader "Esteban Ocon"
      - status: "Vote received: Esteban Ocon."
    """)
    controls = reader.page.get_by_role("button").or_(reader.page.get_by_role("link"))
    assert [text for text in controls.all_inner_texts() if not text.strip()] == []
    ids = reader.page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) == len(set(ids))


def test_a_throttled_vote_is_told_and_sent_again_as_the_same(visit: Visit, api: Api):
    before = votes(api, "ocon")
    sent: list[Any] = []
    reader = visit(before=lambda page: sent.append(keep_votes(page, 429, headers={"Retry-After": "1"})))
    reader.option("Esteban Ocon").click()
    expect(message(reader.page)).to_contain_text("Many votes are coming in right now.")
    expect(message(reader.page)).to_have_text("Vote received: Esteban Ocon.")
    expect(told_votes(reader.page, "Esteban Ocon")).to_have_text(str(before + 1))
    [[first, second]] = sent
    assert first == second
    assert first["vote"] == "ocon"


def let_it_give_up(page: Page) -> Locator:
    """Let the page's clock run until a vote is not sent again any more; return the button for another try."""
    again = page.get_by_role("button", name="Send again")
    for _second in range(40):
        page.clock.run_for(1000)
        if again.is_visible():
            break
    return again


def test_a_vote_that_fails_again_and_again_is_told_and_kept_for_another_try(visit: Visit):
    sent: list[Any] = []

    def before(page: Page) -> None:
        page.clock.install()
        sent.append(keep_votes(page, *[503, "connectionreset", 500, 429, "timedout", 503] * 2))

    reader = visit(before=before)
    reader.option("Oliver Bearman").click()
    expect(message(reader.page)).to_have_text("Your vote for Oliver Bearman has not arrived yet. Sending it again…")
    again = let_it_give_up(reader.page)
    expect(message(reader.page)).to_have_text("Your vote for Oliver Bearman could not be sent.")
    assert len(sent[0]) == 6
    again.click()
    expect(again).to_be_hidden()
    let_it_give_up(reader.page)
    reader.option("Oliver Bearman").click()
    expect(message(reader.page)).to_have_text("Vote received: Oliver Bearman.")
    expect(again).to_be_hidden()
    assert len(sent[0]) == 13
    assert len({vote["id"] for vote in sent[0]}) == 1


def test_offline_is_told_and_the_vote_sent_once_back(visit: Visit, api: Api):
    before = votes(api, "stroll")
    reader = visit(before=lambda page: page.clock.install())
    reader.option("Lance Stroll").wait_for()
    reader.page.context.set_offline(True)
    reader.option("Lance Stroll").click()
    let_it_give_up(reader.page)
    expect(message(reader.page)).to_contain_text("No connection. Your vote for Lance Stroll is sent as soon as")
    expect(reader.page.locator("#connection")).to_contain_text("No connection. These are the last results")
    reader.page.context.set_offline(False)
    expect(message(reader.page)).to_have_text("Vote received: Lance Stroll.")
    expect(told_votes(reader.page, "Lance Stroll")).to_have_text(str(before + 1))
    expect(reader.page.locator("#connection")).to_contain_text("Live")


def test_what_the_api_refuses_is_told_in_the_language_of_the_page(visit: Visit):
    gone = {"results": [{"option_id": "senna", "name": "Ayrton Senna", "votes": 0}], "total": 0}
    reader = visit(before=lambda page: page.route("**/results", lambda route: route.fulfill(json=gone)))
    reader.page.get_by_role("button", name="Português").click()
    reader.option("Ayrton Senna").click()
    expect(message(reader.page)).to_contain_text("O voto não conta. Essa opção não existe. Opções: albon,")
    assert reader.posts() == 1


def test_results_are_asked_for_ever_less_while_they_fail_and_not_while_hidden(visit: Visit):
    def before(page: Page) -> None:
        page.clock.install()
        page.route("**/results", lambda route: route.fulfill(status=503, json={"message": "Service Unavailable"}))

    reader = visit(before=before)
    expect(reader.page.locator("#connection")).to_have_text("The results are late. Trying again…")
    for _second in range(60):
        reader.page.clock.run_for(1000)
    asked = len(reader.requests) - 1
    assert 4 <= asked <= 9  # after 1, 3, 7, 15, 30, 60 seconds, or up to twice as often

    hide = """(hidden) => {
        Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    reader.page.evaluate(hide, True)
    reader.page.clock.run_for(120_000)
    asked = len(reader.requests)
    reader.page.clock.run_for(120_000)
    assert len(reader.requests) == asked
    with reader.page.expect_request("**/results"):
        reader.page.evaluate(hide, False)


def test_it_works_in_a_browser_that_gives_no_ids_and_remembers_nothing(visit: Visit):
    sent: list[Any] = []

    def before(page: Page) -> None:
        page.add_init_script(
            """delete Crypto.prototype.randomUUID;
            Object.defineProperty(window, "localStorage", { get() { throw new Error("not for you"); } });"""
        )
        sent.append(keep_votes(page))

    reader = visit(before=before)
    reader.option("Yuki Tsunoda").click()
    expect(message(reader.page)).to_have_text("Vote received: Yuki Tsunoda.")
    assert len(sent[0][0]["id"]) == 32
    assert reader.complaints == []


def test_bars_move_only_for_those_who_like_it(visit: Visit):
    reader = visit()
    bar = reader.page.locator(".bar i").first
    expect(bar).to_have_css("transition-duration", "0.6s")
    reader.page.emulate_media(reduced_motion="reduce")
    expect(bar).to_have_css("transition-duration", "0s")
