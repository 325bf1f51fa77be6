#include "balancer/proxy_protocol.hpp"

#include "base/ipv4.hpp"

namespace utakata::balancer {
namespace {

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr char version_2_proxy = 0x21, version_2_local = 0x20;
constexpr char tcp_of_ipv4 = 0x11, udp_of_ipv4 = 0x12, unspecified = 0x00;
constexpr std::uint32_t addresses_size = 12;

void append_big_endian(std::string& out, std::uint32_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((number >> (8 * i)) & 0xff);
}

}  // namespace

std::string proxy_header(const reactor::Address& client, const reactor::Address& node, bool datagrams) {
  std::string header(signature);
  header += version_2_proxy;
  header += datagrams ? udp_of_ipv4 : tcp_of_ipv4;
  append_big_endian(header, addresses_size, 2);
  append_big_endian(header, parse_ipv4(client.host).value_or(0), 4);
  append_big_endian(header, parse_ipv4(node.host).value_or(0), 4);
  append_big_endian(header, static_cast<std::uint32_t>(client.port), 2);
  append_big_endian(header, static_cast<std::uint32_t>(node.port), 2);
  return header;
}

std::string own_proxy_header() {
  std::string header(signature);
  header += version_2_local;
  header += unspecified;
  append_big_endian(header, 0, 2);
  return header;
}

}  // namespace utakata::balancer
