#include "sandbox/dns_message.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace utakata;                // NOLINT: a test
using namespace utakata::sandbox::dns;  // NOLINT: a test
namespace dns = utakata::sandbox::dns;

namespace {

str query_bytes(std::string_view labels, char type = 1) {
  str out("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  out += labels;
  out += str("\0\0", 2);
  out += type;
  out += str("\0\1", 2);
  return out;
}
const str web = query_bytes("\3Web\5local");

}  // namespace

TEST_CASE("dns: a question is read in lower case and its answer has the question as it came") {
  const auto query = parse_query(web);
  REQUIRE(query);
  CHECK(query->name == "web.local");
  CHECK(query->type == 1);
  const str answer = write_answer(*query, Code::no_error, 60, {{.address = "10.0.1.11"}}, datagram_max);
  CHECK(answers(answer, *query));
  CHECK_FALSE(is_failure(answer));
  CHECK(is_failure(write_answer(*query, Code::refused, 0, {}, datagram_max)));
  CHECK_FALSE(is_failure(write_answer(*query, Code::no_such_name, 0, {}, datagram_max)));
  CHECK(answer.substr(12, 11) == str("\3Web\5local\0", 11));
  CHECK(answer.ends_with(str("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\0\1\x0b", 16)));
  CHECK(answer[3] == static_cast<char>(0x80));
  CHECK(!answers(web, *query));
}

TEST_CASE("dns: a name without answers, a name that is not there, and an answer too long for a datagram") {
  const auto query = parse_query(web);
  CHECK((write_answer(*query, Code::no_such_name, 0, {}, datagram_max)[3] & 15) == 3);
  const list<Record> many(100,
                          Record{.type = dns::Type::srv, .target = "ip-10-0-1-11.ap-northeast-1.compute.internal"});
  const str cut = write_answer(*query, Code::no_error, 60, many, datagram_max);
  CHECK(cut.size() <= datagram_max);
  CHECK((cut[2] & 2) != 0);
  CHECK((write_answer(*query, Code::no_error, 60, many, message_max)[2] & 2) == 0);
}

TEST_CASE("dns: what is no query is told apart and never answered with an answer to an answer") {
  CHECK(!parse_query(""));
  CHECK(!parse_query(query_bytes("\xc0\x0c")));  // a pointer to itself
  CHECK(
      !parse_query(query_bytes("\x3f"
                               "short")));  // a label longer than the message
  str two = web;
  two[5] = 2;
  CHECK(!parse_query(two));
  str answer = web;
  answer[2] = static_cast<char>(0x81);
  CHECK(!parse_query(answer));
  CHECK(!format_error(answer));
  CHECK(format_error(two)->size() == 12);
  CHECK(!format_error("x"));
}

TEST_CASE("dns: any bytes are harmless") {
  std::mt19937 dice(7);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed): the same each time
  for (int turn = 0; turn < 200'000; ++turn) {
    str bytes = turn % 2 == 0 ? web : str(dice() % 80, '\0');
    const std::size_t changes = 1 + dice() % 8;
    for (std::size_t i = 0; i < changes && !bytes.empty(); ++i)
      bytes[dice() % bytes.size()] = static_cast<char>(dice());
    if (dice() % 4 == 0) bytes.resize(dice() % (bytes.size() + 1));
    const auto query = parse_query(bytes);
    if (!query) {
      static_cast<void>(format_error(bytes));
      continue;
    }
    CHECK(query->name.size() < 256);
    const str answer = write_answer(*query, Code::no_error, 60, {{.address = "10.0.0.1"}}, datagram_max);
    if (!answers(answer, *query)) FAIL("an answer does not fit its query");
  }
}
