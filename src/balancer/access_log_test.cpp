#include "balancer/access_log.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>

#include "balancer/raw_fixture_test.hpp"
#include "reactor/random.hpp"

using namespace utakata;            // NOLINT: a test
using namespace utakata::balancer;  // NOLINT: a test
using raw::answering;
using raw::Bench;

namespace {

namespace files = std::filesystem;

class Folder {
 public:
  Folder() { files::create_directories(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { files::remove_all(path); }
  std::string path = cat("/tmp/access-log-", reactor::random_number());
};

std::string unpacked(const files::path& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  std::array<char, 4096> space{};
  for (int n = 0; (n = gzread(file, space.data(), space.size())) > 0;)
    text.append(space.data(), static_cast<std::size_t>(n));
  gzclose(file);
  return text;
}

list<files::path> files_below(const std::string& folder) {
  list<files::path> found;
  for (const auto& each : files::recursive_directory_iterator(folder))
    if (each.is_regular_file()) found.push_back(each.path());
  return found;
}

// Fields of a line, with what is quoted as one.
list<str> fields_of(std::string_view line) {
  list<str> fields;
  bool quoted = false;
  str field;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (c != ' ' || quoted) {
      field += c;
      continue;
    }
    fields.push_back(std::exchange(field, {}));
  }
  fields.push_back(field);
  return fields;
}

constexpr const char* arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/web/1";

// The lines that requests made, once the balancer has ended.
list<list<str>> lines_of(int target_port, const raw::Adapt& adapt, const std::function<void(const Bench&)>& use) {
  const Folder folder;
  {
    Settings settings{.cookie_secret = raw::cookie_secret};
    settings.access_logs = {.buckets = folder.path + "/s3", .open = folder.path + "/open"};
    const Bench bench(
        target_port,
        [&](BalancerConfig& config) {
          config.arn = arn;
          config.access_log = {.enabled = true, .bucket = "logs", .prefix = "web"};
          if (adapt) adapt(config);
        },
        settings);
    use(bench);
  }
  CHECK(files_below(folder.path + "/open").empty());
  list<list<str>> lines;
  for (const auto& path : files_below(folder.path + "/s3")) {
    CHECK(path.extension() == ".gz");
    const std::string text = unpacked(path);
    for (const std::string_view line : split(text, '\n'))
      if (!line.empty()) lines.push_back(fields_of(line));
  }
  return lines;
}

constexpr const char* ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr std::size_t field_count = 33;

}  // namespace

TEST_CASE("balancer access log: a line as AWS documents it") {
  RequestText request{.method = "GET", .host = "www.example.com", .target = "/", .version = "HTTP/1.1"};
  request.port = 80;
  request.user_agent = "curl/7.46.0";
  request.trace_id = "Root=1-58337262-36d228ad5d99923122bbe354";
  request.group_arn = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067";
  request.target_address = "10.0.0.1:80";
  request.rule_priority = "0";
  request.action = "forward";
  const Instant received = *parse_iso8601("2018-07-02T22:23:00.185641Z");
  const Record record{.received = received,
                      .dispatched = received,
                      .answered = received + milliseconds(1),
                      .ended = received + milliseconds(1),
                      .received_bytes = 34,
                      .sent_bytes = 366,
                      .target_status = 200,
                      .status = 200};
  const reactor::Address client{.host = "192.168.131.39", .port = 2817};
  std::string line;
  append_line(line, {.load_balancer = "app/my-loadbalancer/50dc6c495c0c9188",
                     .client = client,
                     .connection_id = "TID_1234abcd5678ef90",
                     .request = request,
                     .record = record,
                     .cause = Cause::ok});
  CHECK(
      line ==
      "http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 "
      "0.001 0.000 200 200 34 366 \"GET http://www.example.com:80/ HTTP/1.1\" \"curl/7.46.0\" - - "
      "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "
      "\"Root=1-58337262-36d228ad5d99923122bbe354\" \"-\" \"-\" 0 2018-07-02T22:23:00.185641Z \"forward\" \"-\" \"-\" "
      "\"10.0.0.1:80\" \"200\" \"-\" \"-\" TID_1234abcd5678ef90 \"-\" \"-\" \"-\"\n");
}

TEST_CASE("balancer access log: what a client sends ends no field and no line") {
  RequestText request{.method = "GET", .host = "a", .target = "/\"\n\\\x7f", .version = "HTTP/1.1"};
  request.user_agent = std::string(10'000, 'x');
  std::string line;
  append_line(
      line,
      {.load_balancer = "l", .client = {}, .connection_id = "c", .request = request, .record = {}, .cause = Cause::ok});
  const auto fields = fields_of(line);
  CHECK(fields.size() == field_count);
  CHECK(fields[12] == R"("GET http://a:0/\x22\x0a\x5c\x7f HTTP/1.1")");
  CHECK(fields[13].size() == 8 * 1024 + 2);
}

TEST_CASE("balancer access log: keys are as in S3") {
  const LogSource source{.bucket = "logs",
                         .prefix = "a/b",
                         .account = "123456789012",
                         .region = "us-east-2",
                         .load_balancer = "app/my/50dc",
                         .address = "10.0.0.1"};
  CHECK(log_key(source, *parse_iso8601("2026-05-06T11:45:00Z"), "1f2e") ==
        "a/b/AWSLogs/123456789012/elasticloadbalancing/us-east-2/2026/05/06/"
        "123456789012_elasticloadbalancing_us-east-2_app.my.50dc_20260506T1145Z_10.0.0.1_1f2e.log");
}

TEST_CASE("balancer access log: a request that a target answers") {
  raw::Target target(answering(ok));
  const auto lines = lines_of(target.port(), {}, [](const Bench& bench) {
    CHECK(bench.status("POST /a?b=c HTTP/1.1\r\nHost: Some.Where\r\nUser-Agent: me\r\nConnection: close\r\n"
                       "X-Amzn-Trace-Id: Root=1-2-3\r\nContent-Length: 3\r\n\r\nabc") == 200);
  });
  REQUIRE(lines.size() == 1);
  const auto& line = lines[0];
  REQUIRE(line.size() == field_count);
  CHECK(line[0] == "http");
  CHECK(line[2] == "app/web/1");
  CHECK(line[4] == cat("127.0.0.1:", target.port()));
  CHECK(line[5].starts_with("0."));
  CHECK(line[6].starts_with("0."));
  CHECK(line[7].starts_with("0."));
  CHECK(line[8] == "200");
  CHECK(line[9] == "200");
  CHECK(parse_integer(line[10]) == std::string_view("POST /a?b=c HTTP/1.1\r\nHost: Some.Where\r\nUser-Agent: me\r\n"
                                                    "Connection: close\r\nX-Amzn-Trace-Id: Root=1-2-3\r\n"
                                                    "Content-Length: 3\r\n\r\nabc")
                                       .size());
  CHECK(*parse_integer(line[11]) > 40);
  CHECK(line[12].starts_with("\"POST http://some.where:"));
  CHECK(line[12].ends_with("/a?b=c HTTP/1.1\""));
  CHECK(line[13] == "\"me\"");
  CHECK(line[16] == "g");
  CHECK(line[17].starts_with("\"Self=1-"));
  CHECK(line[17].ends_with(";Root=1-2-3\""));
  CHECK(line[20] == "0");
  CHECK(line[22] == "\"forward\"");
  CHECK(line[25] == cat("\"127.0.0.1:", target.port(), "\""));
  CHECK(line[26] == "\"200\"");
  CHECK(line[29].starts_with("TID_"));
  CHECK(line[29].size() == 36);
}

TEST_CASE("balancer access log: requests that no target answers") {
  raw::Target target([](raw::Connection& connection) {
    connection.hear("\r\n\r\n");
    connection.reset();
  });
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const auto lost = lines_of(target.port(), {}, [&](const Bench& bench) {
    CHECK(bench.status(get) == 502);
    CHECK(bench.status("nonsense\r\n\r\n") == 400);
    CHECK(bench.status("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n") == 400);
  });
  REQUIRE(lost.size() == 3);
  CHECK(lost[0][5].starts_with("0."));
  CHECK(lost[0][6].starts_with("0."));
  CHECK(lost[0][7] == "-1");
  CHECK(lost[0][8] == "502");
  CHECK(lost[0][9] == "-");
  CHECK(lost[0][26] == "\"-\"");
  CHECK(lost[1][5] == "-1");
  CHECK(lost[1][8] == "400");
  CHECK(lost[1][10] == "12");
  CHECK(lost[1][12].starts_with("\"- http://web.elb.localhost:"));
  CHECK(lost[1][12].ends_with("- -\""));
  CHECK(lost[1][20] == "-");
  CHECK(lost[1][22] == "\"-\"");
  CHECK(lost[2][12].starts_with("\"GET http://a:"));
  CHECK(lost[2][27] == "\"Severe\"");
  CHECK(lost[2][28] == "\"MultipleContentLength\"");
  const auto without = lines_of(0, {}, [&](const Bench& bench) { CHECK(bench.status(get) == 503); });
  REQUIRE(without.size() == 1);
  CHECK(without[0][4] == "-");
  CHECK(without[0][6] == "-1");
  CHECK(without[0][8] == "503");
  CHECK(without[0][16] == "g");
  CHECK(without[0][17].starts_with("\"Root=1-"));
  CHECK(without[0][22] == "\"forward\"");
}

TEST_CASE("balancer access log: redirects, fixed responses, WebSockets, and clients that go") {
  const std::string get = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const auto by_action = [&](BalancerAction action) {
    const auto lines = lines_of(
        0, [&](BalancerConfig& config) { config.listeners[0].rules[0].action = action; },
        [&](const Bench& bench) { CHECK(bench.status(get) == action.status); });
    REQUIRE(lines.size() == 1);
    return lines[0];
  };
  const auto redirect = by_action({.type = "redirect", .status = 301, .redirect_port = "443"});
  CHECK(redirect[8] == "301");
  CHECK(redirect[22] == "\"redirect\"");
  CHECK(redirect[23] == "\"http://a:443/x\"");
  CHECK(redirect[6] == "-1");
  const auto fixed = by_action({.type = "fixed-response", .status = 418, .body = "tea"});
  CHECK(fixed[8] == "418");
  CHECK(fixed[9] == "-");
  CHECK(fixed[22] == "\"fixed-response\"");

  raw::Target target([](raw::Connection& connection) {
    connection.hear("\r\n\r\n");
    connection.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    connection.say(connection.hear("12345"));
    connection.close();
  });
  const auto socket = lines_of(target.port(), {}, [](const Bench& bench) {
    const auto client = bench.client();
    client->say("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    client->hear("\r\n\r\n");
    client->say("12345");
    client->hear("12345");
    client->close();
    CHECK(bench.fates(1).at("upgraded") == 1);
  });
  REQUIRE(socket.size() == 1);
  CHECK(socket[0][0] == "ws");
  CHECK(socket[0][8] == "101");
  CHECK(socket[0][10] == "73");

  raw::Target silent([](raw::Connection& connection) { connection.hear_all(); });
  const auto gone = lines_of(silent.port(), {}, [](const Bench& bench) {
    const auto client = bench.client();
    client->say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client->reset();
    CHECK(bench.fates(1).at("client_closed_460") == 1);
  });
  REQUIRE(gone.size() == 1);
  CHECK(gone[0][8] == "460");
  CHECK(gone[0][9] == "-");
  CHECK(gone[0][7] == "-1");
}

TEST_CASE("balancer access log: a client that gives up gets 460, also when its target answers later") {
  std::promise<void> arrived;
  std::promise<void> left;
  raw::Target late([&](raw::Connection& connection) {
    if (connection.hear("\r\n\r\n").empty()) return;  // a health check
    arrived.set_value();
    left.get_future().wait();
    connection.say(ok);
    connection.hear_all();
  });
  const auto lines = lines_of(late.port(), {}, [&](const Bench& bench) {
    const auto client = bench.client();
    client->say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    arrived.get_future().wait();
    client->close();
    left.set_value();
    CHECK(bench.fates(1) == Bench::Counts{{"client_closed_460", 1}});
  });
  REQUIRE(lines.size() == 1);
  CHECK(lines[0][4] == cat("127.0.0.1:", late.port()));
  CHECK(lines[0][5].starts_with("0."));
  CHECK(lines[0][6] == "-1");
  CHECK(lines[0][7] == "-1");
  CHECK(lines[0][8] == "460");
  CHECK(lines[0][9] == "-");
  CHECK(lines[0][11] == "0");
}

TEST_CASE(
    "balancer access log: what a killed process has left is put in its place, and a disk that fails stops nobody") {
  const Folder folder;
  files::create_directories(folder.path + "/open/logs/AWSLogs");
  std::ofstream(folder.path + "/open/logs/AWSLogs/a.log") << "left\n";
  {
    const LogFiles log({.buckets = folder.path + "/s3", .open = folder.path + "/open"});
  }
  CHECK(unpacked(folder.path + "/s3/logs/AWSLogs/a.log.gz") == "left\n");
  CHECK_FALSE(files::exists(folder.path + "/open/logs"));

  std::ofstream(folder.path + "/file") << "no folder";
  list<str> told;
  {
    LogFiles log({.buckets = folder.path + "/s3", .open = folder.path + "/file", .tell = [&](const std::string& line) {
                    told.push_back(line);
                  }});
    for (int i = 0; i < 3; ++i) log.add(std::make_shared<LogSource>(LogSource{.bucket = "b"}), "line\n");
  }
  REQUIRE(told.size() == 1);
  CHECK(told[0].contains("cannot make the folder of"));
}

TEST_CASE("access log: lines are written while files are compressed") {
  const Folder folder;
  files::create_directories(folder.path + "/open/b");
  files::create_directories(folder.path + "/s3/b");
  std::ofstream(folder.path + "/open/b/a.log") << "left\n";
  // Whoever writes into it waits until somebody reads.
  const std::string slow = folder.path + "/s3/b/a.log.gz.part";
  REQUIRE(::mkfifo(slow.c_str(), 0600) == 0);
  std::atomic<bool> came = false;
  int reader = -1;
  {
    LogFiles log({.buckets = folder.path + "/s3",
                  .open = folder.path + "/open",
                  .also = [&](const LogSource&, const std::string&) { came = true; }});
    log.add(std::make_shared<LogSource>(LogSource{.bucket = "c"}), "line\n");
    for (int i = 0; i < 500 && !came; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(came);
    reader = ::open(slow.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader >= 0);
  }
  ::close(reader);
  CHECK_FALSE(files::exists(folder.path + "/open/b"));
  CHECK_FALSE(files::exists(folder.path + "/open/c"));
  CHECK(files::exists(folder.path + "/s3/c"));
}
