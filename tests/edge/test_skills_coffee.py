from __future__ import annotations

import json
from pathlib import Path

import apsw
import pytest

from nearfield_edge.shipped_skills.coffee.drinks import Drink, price_minor, spoken_amount
from nearfield_edge.skills.api import FunctionEffect, HttpEffect
from nearfield_edge.skills.permissions import PermissionGuard
from tests.edge.skill_folders import Visitor


@pytest.fixture
def customer(tmp_path: Path, guard: PermissionGuard) -> Visitor:
    return Visitor("coffee", tmp_path, guard)


def test_an_order_is_read_back_confirmed_and_sent(customer: Visitor) -> None:
    first = customer.says("Can I get a large latte with whole milk?")
    assert first.text.startswith("One large latte with whole milk, that")
    assert "four pounds." in first.text
    assert first.question is not None
    assert first.effects == ()
    second = customer.says("Yes please.")
    (effect,) = second.effects
    assert isinstance(effect, FunctionEffect)
    assert effect.arguments["total_minor"] == 400
    assert "large latte" in second.text
    assert second.question is None


def test_a_missing_size_is_asked_for(customer: Visitor) -> None:
    asked = customer.says("I'd like a mocha with sugar.")
    assert "size" in asked.text.lower()
    assert customer.says("Large.").text.startswith("One large mocha with sugar, that")


def test_a_drink_of_one_size_is_not_asked_about(customer: Visitor) -> None:
    assert customer.says("two double espressos").text.startswith("Two double shot espressos")


def test_several_drinks_make_one_order_with_one_total(customer: Visitor) -> None:
    customer.says("a small cappuccino please")
    second = customer.says("and an espresso")
    assert second.text.startswith("One small cappuccino and one espresso, that")
    assert "five pounds thirty" in second.text
    assert "five pounds thirty" in customer.says("What does that come to?").text


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("make it large", "One large latte with whole milk"),
        ("Actually, make it a mocha.", "One small mocha with whole milk"),
        ("no, a double shot instead", "One small double shot latte with whole milk"),
        ("add sugar", "One small latte with whole milk and sugar"),
        ("without milk", "One small latte,"),
        ("with almond milk", "One small latte with almond milk"),
    ],
)
def test_the_last_drink_is_changed(customer: Visitor, words: str, order: str) -> None:
    customer.says("a small latte with whole milk")
    assert customer.says(words).text.startswith(order)


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("make it three", "Three small lattes"),
        ("make that two of them", "Two small lattes"),
        ("actually two", "Two small lattes"),
        ("I want four of those", "Four small lattes"),
        ("change it to one", "One small latte,"),
        ("make it a double", "Two small double shot lattes"),
        ("make them double shots", "Two small double shot lattes"),
        ("make them large ones", "Two large lattes"),
        ("make these cappuccinos", "Two small cappuccinos"),
        ("make them with soy milk", "Two small lattes with soy milk"),
    ],
)
def test_how_many_and_all_of_several_are_changed(customer: Visitor, words: str, order: str) -> None:
    customer.says("two small lattes")
    assert customer.says(words).text.startswith(order)


def test_a_change_that_would_be_too_many_leaves_the_order_as_it_was(customer: Visitor) -> None:
    customer.says("ten small lattes")
    customer.says("and ten espressos")
    assert "more than 20 drinks" in customer.says("make it twelve").text
    assert customer.says("repeat my order").text.startswith("Ten small lattes and ten espressos")


def test_a_change_before_the_size_is_known_completes_the_drink(customer: Visitor) -> None:
    customer.says("a latte")
    assert customer.says("make it large").text.startswith("One large latte")


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("another one", "Two small lattes with milk,"),
        ("and one more of those, please", "Two small lattes with milk,"),
        ("the same again", "Two small lattes with milk,"),
        ("two more", "Three small lattes with milk,"),
        ("and a large one", "One small latte with milk and one large latte with milk,"),
        ("the same but large", "One small latte with milk and one large latte with milk,"),
        ("and one with sugar", "One small latte with milk and one small latte with milk and sugar,"),
        ("the same without milk", "One small latte with milk and one small latte,"),
        ("and another small mocha", "One small latte with milk and one small mocha,"),
    ],
)
def test_another_drink_is_like_the_last_but_for_what_is_said(
    customer: Visitor, words: str, order: str
) -> None:
    customer.says("a small latte with milk")
    assert customer.says(words).text.startswith(order)


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("the same again", "One espresso and two large lattes,"),
        ("another one", "One large latte,"),
        ("and a small one", "One small latte,"),
    ],
)
def test_after_an_order_was_sent_it_or_its_last_drink_is_ordered_again(
    customer: Visitor, words: str, order: str
) -> None:
    for line in ("an espresso", "and two large lattes", "yes"):
        customer.says(line)
    again = customer.says(words)
    assert again.text.startswith(order)
    assert again.effects == ()
    assert len(customer.says("yes").effects) == 1


@pytest.mark.parametrize("words", ["cancel that", "no, a large one", "yes", "what did I order?"])
def test_an_order_that_was_sent_cannot_be_changed_and_is_said_to_be_in(customer: Visitor, words: str) -> None:
    customer.says("a small latte")
    customer.says("yes")
    answer = customer.says(words)
    assert answer.text.startswith("Your order is in already: one small latte.")
    assert answer.effects == ()
    assert customer.says("no thanks").text == "All right."


def test_there_is_nothing_to_have_again_before_an_order(customer: Visitor) -> None:
    customer.says("what do you have?")
    assert customer.says("the same again").text.startswith("Nothing is ordered")


def test_while_the_size_is_open_another_one_does_not_answer_it(customer: Visitor) -> None:
    customer.says("a latte")
    assert "size" in customer.says("another one").text.lower()
    assert customer.says("large").text.startswith("One large latte,")


def test_no_asks_what_to_change_and_the_bare_answer_changes_it(customer: Visitor) -> None:
    customer.says("a small latte")
    assert customer.says("No.").text == "All right. What shall I change?"
    assert customer.says("large").text.startswith("One large latte")


def test_a_change_to_a_drink_that_needs_a_size_asks_for_it(customer: Visitor) -> None:
    customer.says("an espresso")
    assert "size" in customer.says("make it a latte").text.lower()
    assert customer.says("small").text.startswith("One small latte")


def test_a_cancelled_order_is_gone(customer: Visitor) -> None:
    customer.says("a small latte")
    assert customer.says("cancel that").effects == ()
    assert customer.says("what's in my order?").text.startswith("Nothing is ordered")


def test_an_order_is_sent_once_however_often_it_is_confirmed(customer: Visitor) -> None:
    customer.says("a small latte")
    assert len(customer.says("yes").effects) == 1
    assert customer.says("yes").effects == ()


def test_an_order_that_nobody_confirms_is_forgotten(customer: Visitor) -> None:
    customer.says("a small latte")
    customer.waits(120)
    assert customer.says("what's in my order?").text.startswith("Nothing is ordered")


def test_an_order_has_a_largest_size(customer: Visitor) -> None:
    customer.says("twelve espressos")
    assert "more than 20 drinks" in customer.says("and twelve espressos").text
    assert customer.says("what's in my order?").text.startswith("Twelve espressos, that")


def test_the_menu_is_told_and_so_is_the_choice_of_sizes(customer: Visitor) -> None:
    assert "cappuccino" in customer.says("What do you have?").text
    assert customer.says("What sizes do you have?").text == "You can choose small, medium or large."


def test_with_an_address_the_order_is_posted_there(tmp_path: Path, guard: PermissionGuard) -> None:
    settings = {"orders_url": "https://till.example/orders"}
    customer = Visitor("coffee", tmp_path, guard, settings=settings)
    customer.says("a large americano")
    (effect,) = customer.says("that's all").effects
    assert isinstance(effect, HttpEffect)
    assert (effect.method, effect.url) == ("POST", "https://till.example/orders")


def test_the_order_book_keeps_one_order_a_key(customer: Visitor, tmp_path: Path) -> None:
    customer.says("a large americano")
    (effect,) = customer.says("yes").effects
    assert isinstance(effect, FunctionEffect)
    for _ in range(2):
        customer.runtime.apply("coffee", effect, key="turn-2/0/0", now=customer.now)
    book = apsw.Connection(str(tmp_path / "coffee" / "orders.db"))
    ((content,),) = book.execute("SELECT content FROM placed")
    assert json.loads(content)["drinks"][0]["coffeeDrink"] == "americano"
    book.close()


CURRENCY = {"unit": "pound", "units": "pounds", "part": "penny", "parts": "pence"}


@pytest.mark.parametrize(
    ("minor", "spoken"),
    [
        (450, "four pounds fifty"),
        (100, "one pound"),
        (400, "four pounds"),
        (205, "two pounds and five pence"),
        (101, "one pound and one penny"),
        (90, "ninety pence"),
        (0, "zero pounds"),
        (12345, "one hundred twenty three pounds forty five"),
    ],
)
def test_amounts_are_spoken_as_people_do(minor: int, spoken: str) -> None:
    assert spoken_amount(minor, CURRENCY) == spoken


def test_prices_add_up_without_rounding_errors() -> None:
    drink = Drink(coffeeDrink="latte", size="large", milkAmount="lots of soy milk", quantity=3)
    assert price_minor(drink, {"latte": 1.1}, {"large": 0.2, "soy milk": 0.3, "milk": 9}) == 3 * 1060
    with pytest.raises(LookupError, match="no 'latte'"):
        price_minor(drink, {}, {})
