"""Tokens are kept by their digests, until they are closed or have expired."""

from __future__ import annotations

from heliograph.store import token
from heliograph.store.token import TokenKind, TokenRow
from store.scene import BEGIN, Play, Scene

KEEP = 48 * 3_600_000


def a_token(n: int, kind: TokenKind = TokenKind.SESSION, expires_at: int = BEGIN + 1) -> TokenRow:
    proof = {"api_key": None, "password": "argon2"} if kind is TokenKind.SESSION else {"api_key": 9, "password": None}
    return TokenRow(digest=bytes([n]) * 32, kind=kind, account=7, expires_at=expires_at, **proof)  # type: ignore[arg-type]


def test_tokens_are_found_by_their_digests(play: Play) -> None:
    async def body(scene: Scene) -> None:
        one, two, three = a_token(1), a_token(2, TokenKind.BEARER), a_token(255)
        for row in (one, two, three):
            await scene.store.alone(token.add_token, row)

        found = await scene.store.look(token.find_tokens, [one.digest, two.digest, b"\x03" * 32])

        assert found == {one.digest: one, two.digest: two}
        assert await scene.store.look(token.find_tokens, []) == {}

    play(body)


def test_a_token_is_closed_once_and_by_its_own_kind_alone(play: Play) -> None:
    async def body(scene: Scene) -> None:
        one, two = a_token(1), a_token(2)
        for row in (one, two):
            await scene.store.alone(token.add_token, row)

        assert await scene.store.alone(token.close_token, one.digest, TokenKind.BEARER) is False
        assert await scene.store.alone(token.close_token, one.digest, TokenKind.SESSION) is True
        assert await scene.store.alone(token.close_token, one.digest, TokenKind.SESSION) is False
        assert await scene.store.look(token.find_tokens, [one.digest, two.digest]) == {two.digest: two}

    play(body)


def test_upkeep_forgets_tokens_that_have_expired_in_slices(play: Play) -> None:
    async def body(scene: Scene) -> None:
        for n in range(600):
            row = TokenRow(n.to_bytes(32), TokenKind.BEARER, 7, 9, None, BEGIN + 1)
            await scene.store.alone(token.add_token, row)
        young = a_token(1, expires_at=BEGIN + 2)
        await scene.store.alone(token.add_token, young)

        gone = [await scene.store.retire(BEGIN + at, KEEP, KEEP) for at in (0, 1, 1, 1)]

        assert gone == [0, 500, 100, 0]
        assert await scene.store.look(token.find_tokens, [young.digest]) == {young.digest: young}

    play(body)
