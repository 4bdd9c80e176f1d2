"""Tests that the virtual clock advances waiting code in the right order, and reports what it missed.

Each scenario is a program in a Python of its own, so that no clock is ever installed under pytest. It puts
what it found into ``found``. No test asks how long it really took: waiting that is not virtual shows in ``stalls``, in
what ``now()`` says, or in a program that does not come to its end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

import atalaya.mock_server.isolated_entry
from atalaya.mock_server.server_process import ServiceProcess

PRELUDE = f"""
import importlib.util, json, os, sys
spec = importlib.util.spec_from_file_location("bind", {str(Path(atalaya.mock_server.isolated_entry.__file__))!r})
binder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(binder)
binder.bind()
import concurrent.futures, queue, socket, threading, time
from atalaya.harness.virtual_clock import install
found = {{}}
"""
EPILOGUE = "print(json.dumps(found))"
INSTALL = "clock = install()\n"
# A thread that is older than the clock, so that it lives in real time: it answers some time after `go`.
ANSWERING = """
ours, theirs = socket.socketpair()
go, event = threading.Event(), threading.Event()
def answer():
    go.wait()
    time.sleep({pause_s})
    {answer}
threading.Thread(target=answer).start()
"""


def run(scenario: str, *, before: str = "", install: str = INSTALL) -> dict[str, Any]:
    """What a scenario found."""
    program = "\n".join((PRELUDE, textwrap.dedent(before), install, textwrap.dedent(scenario), EPILOGUE))
    done = subprocess.run(
        # Since 3.12 Python warns of a fork beside threads, which is what one of the scenarios is about.
        [sys.executable, "-I", "-B", "-W", "ignore::DeprecationWarning", "-c", program],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def about(seconds: float) -> Any:
    """These virtual seconds, but for the microseconds that reading the clock costs."""
    return pytest.approx(seconds, abs=1e-3)


def test_an_hour_of_sleep_takes_a_moment() -> None:
    found = run("time.sleep(3600); found['now_s'] = clock.now()")
    assert found["now_s"] == about(3600)


def test_all_clocks_move_together() -> None:
    found = run("""
        names = ("monotonic", "perf_counter", "time")
        before = {name: (getattr(time, name)(), getattr(time, name + "_ns")()) for name in names}
        time.sleep(7)
        for name in names:
            s, ns = before[name]
            found[name] = getattr(time, name)() - s
            found[name + "_ns"] = (getattr(time, name + "_ns")() - ns) / 1e9
    """)
    assert found == {name: about(7) for name in found}
    assert len(found) == 6


def test_the_clock_starts_at_the_real_time() -> None:
    found = run("found['in_order'] = before_s <= time.time() <= clock.real.time()", before="before_s = time.time()")
    assert found["in_order"]


def test_only_waiting_and_a_microsecond_a_read_move_the_clock() -> None:
    found = run("""
        clock.real.sleep(0.05)
        first = time.monotonic_ns()
        found['read_ns'] = time.monotonic_ns() - first
        found['now_s'] = clock.now()
    """)
    assert found["read_ns"] == 1000
    assert found["now_s"] < 1e-3


def test_a_loop_that_waits_for_time_to_pass_ends() -> None:
    found = run("""
        ends_s = time.monotonic() + 0.1
        while time.monotonic() < ends_s:
            pass
        found['now_s'] = clock.now()
    """)
    assert found["now_s"] == about(0.1)


def test_a_loop_that_reads_the_clock_wakes_those_whose_time_has_come() -> None:
    found = run("""
        woken = []
        thread = threading.Thread(target=lambda: (time.sleep(0.05), woken.append(clock.now())))
        thread.start()
        ends_s = time.monotonic() + 0.2
        while time.monotonic() < ends_s:
            if clock.now() > 0.05 and not woken:
                clock.real.sleep(0.01)
        thread.join()
        found['woken_s'] = woken[0]
    """)
    assert found["woken_s"] == about(0.05)


def test_two_threads_that_sleep_in_turns_end_after_nine_seconds_and_not_fifteen() -> None:
    found = run("""
        order = []
        def sleeper(name, pause_s, times):
            for _ in range(times):
                time.sleep(pause_s)
                order.append((name, round(clock.now(), 3)))
        threads = [threading.Thread(target=sleeper, args=a) for a in (("a", 3, 3), ("b", 2, 3))]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        found['order'] = sorted(order, key=lambda item: (item[1], item[0]))
        found['as_it_came'] = [at for _, at in order]
        found['now_s'] = clock.now()
        found['stalls'] = clock.stalls
    """)
    assert found["order"] == [["b", 2], ["a", 3], ["b", 4], ["a", 6], ["b", 6], ["a", 9]]
    assert found["as_it_came"] == [2, 3, 4, 6, 6, 9]
    assert found["now_s"] == about(9)
    assert found["stalls"] == 0


def test_many_threads_started_at_once_are_all_waited_for() -> None:
    found = run("""
        ends = []
        for round_ in range(20):
            start_s = clock.now()
            threads = [
                threading.Thread(target=lambda: [time.sleep(1) for _ in range(3)]) for _ in range(8)
            ]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            ends.append(round(clock.now() - start_s, 3))
        found['ends'] = ends
        found['stalls'] = clock.stalls
    """)
    # A thread may start while others sleep their first second out, never later than that.
    assert all(3 <= end <= 4 for end in found["ends"])
    assert found["stalls"] == 0


def test_waits_that_nobody_ends_end_at_their_deadline() -> None:
    found = run("""
        def took(wait):
            start_s = clock.now()
            answer = wait()
            return [answer, clock.now() - start_s]
        def empty():
            try: queue.Queue().get(timeout=20)
            except queue.Empty: return "empty"
        def late():
            try: concurrent.futures.Future().result(timeout=30)
            except concurrent.futures.TimeoutError: return "late"
        def never():
            condition = threading.Condition()
            with condition: return condition.wait_for(lambda: False, timeout=40)
        found['event'] = took(lambda: threading.Event().wait(10))
        found['named'] = took(lambda: threading.Event().wait(timeout=10))
        found['at_once'] = took(lambda: [threading.Event().wait(s) for s in (0, -1, float("nan"))])
        found['queue'] = took(empty)
        found['future'] = took(late)
        found['condition'] = took(never)
        found['semaphore'] = took(lambda: threading.Semaphore(0).acquire(timeout=50))
    """)
    assert found == {
        "event": [False, about(10)],
        "named": [False, about(10)],
        "at_once": [[False] * 3, about(0)],
        "queue": ["empty", about(20)],
        "future": ["late", about(30)],
        "condition": [False, about(40)],
        "semaphore": [False, about(50)],
    }


def test_a_notice_ends_a_wait_at_the_instant_of_the_notice() -> None:
    found = run("""
        event, items = threading.Event(), queue.Queue()
        def later():
            time.sleep(5); event.set(); time.sleep(5); items.put("item")
        thread = threading.Thread(target=later)
        thread.start()
        found['event'] = [event.wait(60), clock.now()]
        found['queue'] = [items.get(timeout=60), clock.now()]
        thread.join()
        timer = threading.Timer(15, lambda: None)
        timer.start()
        timer.join(60)
        found['timer'] = [timer.is_alive(), clock.now()]
    """)
    assert found["event"] == [True, about(5)]
    assert found["queue"] == ["item", about(10)]
    assert found["timer"] == [False, about(25)]


def test_a_join_gives_up_at_its_deadline() -> None:
    found = run("""
        thread = threading.Thread(target=time.sleep, args=(100,))
        thread.start()
        thread.join(timeout=10)
        found['early'] = [thread.is_alive(), clock.now()]
        thread.join()
        found['late'] = [thread.is_alive(), clock.now()]
    """)
    assert found["early"] == [True, about(10)]
    assert found["late"] == [False, about(100)]


def test_a_thread_that_was_joined_is_not_alive() -> None:
    found = run("""
        class LateToGo:
            def __del__(self): clock.real.sleep(0.1)
        local = threading.local()
        def live():
            local.kept = LateToGo()  # goes when the thread has left Python, and is not yet over
            time.sleep(1)
        thread = threading.Thread(target=live)
        thread.start()
        thread.join(5)
        found['alive'] = thread.is_alive()
    """)
    assert found["alive"] is False


def test_a_pool_of_threads_works_in_virtual_time() -> None:
    found = run("""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda s: time.sleep(s) or s, (5, 6, 7)))
        found['results'] = results
        found['now_s'] = clock.now()
        found['stalls'] = clock.stalls
    """)
    assert found["results"] == [5, 6, 7]
    assert found["now_s"] == about(12)
    assert found["stalls"] == 0


def test_asyncio_sleeps_in_virtual_time_and_in_order() -> None:
    found = run(
        """
        order = []
        async def nap(seconds):
            await asyncio.sleep(seconds)
            order.append(seconds)
        async def main():
            await asyncio.gather(nap(300), nap(100), nap(200), asyncio.to_thread(nap_in_thread))
            try: await asyncio.wait_for(asyncio.Event().wait(), 60)
            except asyncio.TimeoutError: order.append("timeout")
        def nap_in_thread():
            time.sleep(250); order.append(250)
        asyncio.run(main())
        found['order'], found['now_s'], found['stalls'] = order, clock.now(), clock.stalls
        """,
        before="import asyncio",
    )
    assert found["order"] == [100, 200, 250, 300, "timeout"]
    assert found["now_s"] == about(360)
    assert found["stalls"] == 0


def test_an_answer_on_the_way_to_an_event_loop_comes_before_its_deadline() -> None:
    found = run(
        """
        async def main():
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(b"ping")
            answer = await asyncio.wait_for(reader.read(4), 600)
            writer.close()
            return answer.decode()
        found['answer'], found['now_s'] = asyncio.run(main()), clock.now()
        """,
        before="""
        import asyncio
        def serve():
            sock, _ = listener.accept()
            sock.recv(10)
            time.sleep(0.03)
            sock.sendall(b"pong")
            sock.close()
        listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=serve).start()
        """,
    )
    assert found["answer"] == "pong"
    assert found["now_s"] < 1


def test_an_event_loop_that_has_been_called_wakes_before_its_timers() -> None:
    found = run(
        """
        over = threading.Event()
        def call(loop, future):
            time.sleep(5)
            loop.call_soon_threadsafe(future.set_result, "called")
            over.wait()
        async def main():
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            threading.Thread(target=call, args=(loop, future)).start()
            found['answer'] = await asyncio.wait_for(future, 600)
        asyncio.run(main())
        over.set()
        found['now_s'] = clock.now()
        """,
        before="import asyncio",
    )
    assert found["answer"] == "called"
    assert found["now_s"] == about(5)


def test_a_thread_that_waits_for_a_socket_holds_the_clock() -> None:
    found = run(
        """
        order = []
        def listen():
            order.append([theirs.recv(1).decode(), round(clock.now(), 3)])
        thread = threading.Thread(target=listen)
        thread.start()
        go.set()
        time.sleep(50)
        order.append(["slept", round(clock.now(), 3)])
        thread.join()
        found['order'], found['stalls'] = order, clock.stalls
        """,
        before=ANSWERING.format(pause_s=0.3, answer='ours.sendall(b"x")'),
    )
    assert found["order"] == [["x", 0], ["slept", 50]]
    assert found["stalls"] == 0


def test_a_wait_that_the_clock_cannot_see_is_counted_as_a_stall() -> None:
    found = run(
        """
        lock = threading.Lock()
        lock.acquire()
        thread = threading.Thread(target=lock.acquire)
        thread.start()
        time.sleep(5)
        found['now_s'], found['stalls'] = clock.now(), clock.stalls
        found['real_s'] = clock.real.monotonic() - began_s
        lock.release()
        thread.join()
        """,
        install="clock = install(stall_after_s=0.2); began_s = clock.real.monotonic()\n",
    )
    assert found["stalls"] == 1
    assert found["now_s"] == about(5)
    assert found["real_s"] > 0.15


def test_a_thread_that_blocks_alone_is_no_stall() -> None:
    found = run(
        """
        go.set()
        theirs.recv(1)
        found['now_s'], found['stalls'] = clock.now(), clock.stalls
        """,
        before=ANSWERING.format(pause_s=0.4, answer='ours.sendall(b"x")'),
        install="clock = install(stall_after_s=0.1)\n",
    )
    assert found["stalls"] == 0
    assert found["now_s"] < 1e-3


def test_a_wait_without_a_deadline_is_no_stall() -> None:
    found = run(
        """
        go.set()
        found['answer'] = event.wait()
        found['now_s'], found['stalls'] = clock.now(), clock.stalls
        """,
        before=ANSWERING.format(pause_s=0.4, answer="event.set()"),
        install="clock = install(stall_after_s=0.1)\n",
    )
    assert found["answer"] is True
    assert found["stalls"] == 0
    assert found["now_s"] < 1e-3


def test_a_thread_that_works_and_reads_the_clock_is_no_stall() -> None:
    found = run(
        """
        sleeper = threading.Thread(target=time.sleep, args=(50,))
        sleeper.start()
        for _ in range(40):
            clock.real.sleep(0.02)
            time.monotonic()
        found['now_s'], found['stalls'] = clock.now(), clock.stalls
        sleeper.join()
        """,
        install="clock = install(stall_after_s=0.4)\n",
    )
    assert found["stalls"] == 0
    assert found["now_s"] < 1e-3


def test_threads_older_than_the_clock_keep_real_time() -> None:
    found = run(
        """
        go.set()
        old.join()
        found.update(seen)
        found['now_s'] = clock.now()
        """,
        before="""
        go, seen = threading.Event(), {}
        def live():
            go.wait()
            start_s = time.monotonic()
            time.sleep(0.2)
            seen['own_s'] = time.monotonic() - start_s
        old = threading.Thread(target=live)
        old.start()
        """,
    )
    assert found["own_s"] >= 0.2
    assert found["now_s"] < 1e-3


def test_names_captured_before_installation_are_rebound() -> None:
    found = run(
        """
        early.sleep(60)
        found['now_s'], found['monotonic_s'] = clock.now(), early.clock() - start_s
        """,
        before="""
        import types
        early = types.ModuleType("early")
        sys.modules["early"] = early
        exec("from time import sleep, monotonic as clock", vars(early))
        start_s = early.clock()
        """,
    )
    assert found["now_s"] == about(60)
    assert found["monotonic_s"] >= 60


def test_a_second_clock_beside_the_first_is_refused() -> None:
    found = run("""
        try: install()
        except Exception as why: found['why'] = [type(why).__name__, str(why)]
    """)
    assert found["why"][0] == "HarnessError"
    assert "already" in found["why"][1]


def test_sleeps_are_recorded_with_thread_instant_and_length() -> None:
    found = run("""
        time.sleep(2)
        thread = threading.Thread(target=lambda: time.sleep(0.5), name="second")
        thread.start(); thread.join()
        time.sleep(0)
        found['sleeps'] = [[s.thread, s.at_s, s.seconds] for s in clock.sleeps]
    """)
    assert found["sleeps"] == [["MainThread", about(0), 2], ["second", about(2), 0.5], ["MainThread", about(2.5), 0]]


def test_what_cannot_be_slept_is_refused_as_the_real_sleep_refuses_it() -> None:
    found = run("""
        for value in (-1, float("nan"), float("inf"), "2", None):
            said = []
            for sleep in (time.sleep, clock.real.sleep):
                try: sleep(value)
                except Exception as why: said.append([type(why).__name__, str(why)])
            found[str(value)] = said
    """)
    assert len(found) == 5
    for virtual, real in found.values():
        assert real == virtual


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
def test_after_a_fork_only_the_thread_that_forked_is_watched() -> None:
    found = run("""
        sleeper = threading.Thread(target=time.sleep, args=(1000,))
        sleeper.start()
        time.sleep(5)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            clock.after_fork()
            before = [len(clock.sleeps), clock.stalls, clock.now()]
            time.sleep(3600)
            thread = threading.Thread(target=time.sleep, args=(100,))
            thread.start(); thread.join()
            os.write(writing, json.dumps([before, clock.now(), len(clock.sleeps), clock.stalls]).encode())
            os._exit(0)
        os.waitpid(child, 0)
        before, now_s, sleeps, stalls = json.loads(os.read(reading, 1000))
        found.update(before=before, now_s=now_s, sleeps=sleeps, stalls=stalls)
        sleeper.join()
        found['parent_s'] = clock.now()
    """)
    assert found["before"] == [0, 0, about(5)]
    assert found["now_s"] == about(3705)
    assert found["sleeps"] == 2
    assert found["stalls"] == 0
    assert found["parent_s"] == about(1000)


def test_a_signal_handler_can_break_off_a_wait_without_harm_to_the_clock() -> None:
    found = run(
        """
        class Enough(Exception): pass
        def enough(*_): raise Enough
        signal.signal(signal.SIGALRM, enough)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try: threading.Event().wait()
        except Enough: found['broken_off'] = True
        time.sleep(10)
        thread = threading.Thread(target=time.sleep, args=(10,))
        thread.start(); thread.join()
        found['now_s'], found['stalls'] = clock.now(), clock.stalls
        """,
        before="import signal",
    )
    assert found["broken_off"] is True
    assert found["now_s"] == about(20)
    assert found["stalls"] == 0


def test_a_witness_reads_the_virtual_instant_of_a_request_in_flight() -> None:
    with ServiceProcess() as service:
        found = run(
            f"""
            with Control({service.control_port}).open_scope(witness=lambda seen: clock.now()) as scope:
                connection = http.client.HTTPConnection(scope.base_url.removeprefix("http://"))
                for _ in range(4):
                    connection.request("GET", "/any")
                    connection.getresponse().read()
                    time.sleep(10)
                connection.close()
            found['at_s'] = [seen.witness for seen in scope.log()]
            found['stalls'] = clock.stalls
            """,
            before="import http.client; from atalaya.mock_server.control import Control",
        )
    assert found["at_s"] == [about(0), about(10), about(20), about(30)]
    assert found["stalls"] == 0


def test_an_exact_clock_meets_the_very_instant_of_a_deadline() -> None:
    found = run("""
        with clock.exact():
            for name in ("monotonic", "perf_counter"):
                read = getattr(time, name)
                deadline = read() + 30.0
                for _ in range(15):
                    time.sleep(2.0)
                found[name] = read() - deadline
        found["left"] = time.monotonic() < time.monotonic()
    """)
    assert found == {"monotonic": 0.0, "perf_counter": 0.0, "left": True}


def test_a_loop_that_waits_for_time_to_pass_ends_by_an_exact_clock_too() -> None:
    found = run("""
        with clock.exact():
            start = time.monotonic()
            while time.monotonic() == start:
                pass
        found["passed"] = time.monotonic() > start
    """)
    assert found == {"passed": True}
