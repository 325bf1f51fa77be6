#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/text.hpp"
#include "reactor/gate.hpp"
#include "reactor/offload.hpp"
#include "reactor/process.hpp"
#include "reactor/sockets.hpp"
#include "reactor/stream.hpp"
#include "tests/files.hpp"

using namespace utakata;           // NOLINT: a test
using namespace utakata::reactor;  // NOLINT: a test

namespace {

// Runs the loop until the work is done.
void run(Loop& loop, Co<void> work) {
  start([](Loop& l, Co<void> inner) -> Co<void> {
    co_await inner;
    l.stop();
  }(loop, std::move(work)));
  loop.run();
}

}  // namespace

TEST_CASE("reactor: timers fire in order of time, and a cancelled one not at all") {
  Loop loop;
  std::string order;
  loop.after(milliseconds(3), [&] { order += 'c'; });
  loop.after(milliseconds(1), [&] { order += 'a'; });
  loop.after(milliseconds(2), [&] { order += 'b'; });
  const auto cancelled = loop.after(milliseconds(2), [&] { order += 'x'; });
  loop.cancel(cancelled);
  loop.after(milliseconds(5), [&] { loop.stop(); });
  loop.run();
  CHECK(order == "abc");
}

TEST_CASE("reactor: work posted by another thread runs on the loop") {
  Loop loop;
  std::thread::id ran_on;
  std::thread other([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  other.join();
  CHECK(ran_on == std::this_thread::get_id());
}

TEST_CASE("reactor: draining ends what still waits") {
  Loop loop;
  const auto listener = listen_tcp({});
  REQUIRE(listener);
  int ended = 0;
  start([](Loop& l, int fd, int& count) -> Co<void> {
    Descriptor accepting(l, fd);
    if (!co_await accept_tcp(accepting)) ++count;
  }(loop, *listener, ended));
  start([](Loop& l, int& count) -> Co<void> {
    co_await l.sleep(minutes(1));
    ++count;
    co_await l.sleep(minutes(1));
    ++count;
  }(loop, ended));
  loop.drain();
  CHECK(ended == 3);
}

TEST_CASE("reactor: a listener that waits for free file descriptors can be stopped") {
  Loop loop;
  auto listener = std::make_shared<Descriptor>(loop, *listen_tcp({}));
  bool ended = false;
  start([](std::shared_ptr<Descriptor> from, bool& over) -> Co<void> {
    CHECK_FALSE(co_await accept_tcp(*from));
    over = true;
  }(listener, ended));
  // Kept until there are descriptors again: the sanitizer that looks at an object's type opens some.
  std::optional<Connected> connected;
  start([](Loop& l, int port, std::optional<Connected>& over) -> Co<void> {
    over.emplace(co_await connect_tcp(l, {.port = port}, seconds(5)));
  }(loop, local_port(listener->fd()), connected));
  rlimit usual{};
  getrlimit(RLIMIT_NOFILE, &usual);
  const rlimit none{.rlim_cur = 0, .rlim_max = usual.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  for (int i = 0; i < 100 && !connected; ++i) loop.run_once(seconds(1));
  REQUIRE(connected);
  CHECK(connected->trouble == Trouble::none);
  CHECK_FALSE(ended);
  stop_listening(*listener);
  listener = nullptr;
  CHECK_FALSE(ended);
  for (int i = 0; i < 100 && !ended; ++i) loop.run_once(seconds(1));
  CHECK(ended);
  setrlimit(RLIMIT_NOFILE, &usual);
}

TEST_CASE("reactor: a coroutine that goes on in the next round lets the others have their turn first") {
  Loop loop;
  std::string order;
  start([](Loop& l, std::string& text) -> Co<void> {
    for (int i = 0; i < 2; ++i) {
      text += 'a';
      co_await l.next_round();
    }
    text += 'z';
  }(loop, order));
  for (int i = 0; i < 2; ++i) {
    loop.post([&] { order += 'b'; });
    loop.run_once(seconds(60));
  }
  CHECK(order == "ababz");
  start([](Loop& l, std::string& text) -> Co<void> {
    co_await l.next_round();
    text += '!';
  }(loop, order));
  loop.drain();
  CHECK(order.ends_with("!"));
}

TEST_CASE("reactor: bytes go both ways and the end of the peer is seen") {
  Loop loop;
  const auto listener = listen_tcp({});
  REQUIRE(listener);
  const int port = local_port(*listener);
  std::string received;
  Descriptor accepting(loop, *listener);
  start([](Descriptor& from) -> Co<void> {
    const auto stream = co_await accept_tcp(from);
    std::array<char, 100> space;
    const auto got = co_await stream->read(space);
    co_await stream->write(cat("echo ", std::string_view(space.data(), got.count)));
  }(accepting));
  run(loop, [](Loop& l, int to, std::string& text) -> Co<void> {
    const auto connected = co_await connect_tcp(l, {.port = to}, seconds(5));
    co_await connected.stream->write("hello");
    std::array<char, 100> space;
    while (true) {
      const auto got = co_await connected.stream->read(space);
      if (got.count == 0) break;
      text.append(space.data(), got.count);
    }
  }(loop, port, received));
  CHECK(received == "echo hello");
}

TEST_CASE("reactor: nobody listening is refused, silence times out, a taken port is named") {
  Loop loop;
  const auto listener = listen_tcp({});
  const int port = local_port(*listener);
  CHECK(listen_tcp({.port = port}).error().code == "AddressInUse");
  Trouble silent = Trouble::none;
  run(loop, [](Loop& l, int to, Trouble& trouble) -> Co<void> {
    const auto connected = co_await connect_tcp(l, {.port = to}, seconds(5));
    std::array<char, 10> space;
    const auto got = co_await connected.stream->read(space, milliseconds(5));
    trouble = got.trouble;
  }(loop, port, silent));
  CHECK(silent == Trouble::timed_out);
  close(*listener);
  Trouble refused = Trouble::none;
  run(loop, [](Loop& l, int to, Trouble& trouble) -> Co<void> {
    const auto connected = co_await connect_tcp(l, {.port = to}, seconds(5));
    trouble = connected.trouble;
  }(loop, port, refused));
  CHECK(refused == Trouble::refused);
}

TEST_CASE("reactor: waits end by their own patience, also when one of them destroys another's descriptor") {
  Loop loop;
  std::array<int, 4> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data() + 2) == 0);
  std::string order;
  auto first = std::make_unique<Descriptor>(loop, ends[0]);
  auto second = std::make_unique<Descriptor>(loop, ends[2]);
  start([](Descriptor& waits, std::string& out) -> Co<void> {
    const bool came = co_await waits.readable(milliseconds(60));
    CHECK_FALSE(came);
    out += 'b';
  }(*second, order));
  run(loop, [](Loop& l, std::unique_ptr<Descriptor>& waits, std::string& out) -> Co<void> {
    const bool came = co_await waits->readable(milliseconds(1));
    CHECK_FALSE(came);
    out += 'a';
    waits = nullptr;  // in the midst of the round that ended its wait
    co_await l.sleep(milliseconds(150));
  }(loop, first, order));
  CHECK(order == "ab");
  second = nullptr;
  ::close(ends[1]);
  ::close(ends[3]);
}

TEST_CASE("reactor: slices go out in their order however little the socket takes") {
  Loop loop;
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  TcpStream to(loop, ends[0]);
  TcpStream from(loop, ends[1]);
  const std::string head = "head|";
  const std::string body(3'000'000, 'x');
  std::string came;
  start([](Stream& stream, std::string_view one, std::string_view two) -> Co<void> {
    const Trouble sent = co_await stream.write_all({one, two, "|tail"});
    CHECK(sent == Trouble::none);
    stream.end_writing();
  }(to, head, body));
  run(loop, [](Stream& stream, std::string& out) -> Co<void> {
    std::array<char, 10'000> space;
    while (true) {
      const auto got = co_await stream.read(space, seconds(10));
      if (got.count == 0) break;
      out.append(space.data(), got.count);
    }
  }(from, came));
  CHECK(came == cat(head, body, "|tail"));
}

TEST_CASE("reactor: a process's output and exit, also of one that is killed or missing") {
  Loop loop;
  const auto result = [&](std::vector<std::string> argv, Duration patience) {
    Outcome<ProcessResult> outcome = refuse("none", "none");
    run(loop, [](Loop& l, std::vector<std::string> words, Duration limit, Outcome<ProcessResult>& to) -> Co<void> {
      auto got = co_await run_process(l, std::move(words), limit);
      to = std::move(got);
    }(loop, std::move(argv), patience, outcome));
    return outcome;
  };
  const auto done = result({"sh", "-c", "echo out; echo err >&2; exit 3"}, seconds(20));
  REQUIRE(done);
  CHECK(done->exit_code == 3);
  CHECK(done->output == "out\nerr\n");
  const auto killed = result({"sleep", "100"}, milliseconds(30));
  CHECK(killed->timed_out);
  CHECK(killed->exit_code == 128 + 9);
  CHECK_FALSE(result({"no-such-program-here"}, seconds(1)));
  CHECK(run_process_blocking({"sh", "-c", "echo x; exit 4"}, seconds(20))->exit_code == 4);
  int asked = 0;
  const auto ended =
      run_process_blocking({"sleep", "100"}, seconds(100), {.meanwhile = [&asked] { return ++asked < 2; }});
  CHECK(ended->timed_out);
  CHECK(asked == 2);
  const test::TemporaryFolder folder("output");
  folder.write("out", "");
  const std::string file = folder.path + "/out";
  const auto split = run_process_blocking({"sh", "-c", "echo out; echo err >&2"}, seconds(20), {.output_file = file});
  CHECK(split->output == "err\n");
  CHECK(test::read_file(file) == "out\n");
}

TEST_CASE("reactor: blocking work is done elsewhere and answered here") {
  Loop loop;
  Pool pool(2);
  std::thread::id there;
  run(loop, [](Loop& l, Pool& p, std::thread::id& id) -> Co<void> {
    id = co_await offload(p, l, [] { return std::this_thread::get_id(); });
  }(loop, pool, there));
  CHECK(there != std::this_thread::get_id());
}

namespace {

struct Visits {
  Loop loop;
  Gate gate{loop, 2};
  int inside = 0;
  int most = 0;
  std::string order;
};

Co<void> visit(Visits& visits, char name) {
  const Gate::Place place = co_await visits.gate.enter();
  visits.order += name;
  visits.most = std::max(visits.most, ++visits.inside);
  co_await visits.loop.sleep(milliseconds(1));
  --visits.inside;
  if (visits.order.size() == 5 && visits.inside == 0) visits.loop.stop();
}

}  // namespace

TEST_CASE("reactor: a gate lets so many through at a time, in the order in which they came") {
  Visits visits;
  for (const char name : {'a', 'b', 'c', 'd', 'e'}) start(visit(visits, name));
  CHECK(visits.order == "ab");
  visits.loop.run();
  CHECK(visits.order == "abcde");
  CHECK(visits.most == 2);
}

TEST_CASE("reactor: a thread that could not find its way back does not visit another network namespace") {
  std::thread([] {
    const int there = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    REQUIRE(there >= 0);
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
    const int made = make_socket(SOCK_STREAM, there);
    const int error = errno;
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(made == -1);
    CHECK(trouble_of(error) == Trouble::exhausted);
    const int later = make_socket(SOCK_STREAM, there);
    CHECK((later >= 0 || errno == EPERM));  // who may not visit any
    if (later >= 0) ::close(later);
    ::close(there);
  }).join();
}
