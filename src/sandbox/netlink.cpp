#include "sandbox/netlink.hpp"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"

namespace utakata::sandbox {

/// One request, grown at its end: headers, attributes, nested attributes.
class Netlink::Message {
 public:
  Message(std::uint16_t type, std::uint16_t flags) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    append(header);
  }
  template <class Struct>
  void append(const Struct& s) {
    const auto* bytes = static_cast<const char*>(static_cast<const void*>(&s));
    bytes_.insert(bytes_.end(), bytes, bytes + sizeof s);
    pad();
  }
  void attribute(std::uint16_t type, const void* data, std::size_t size) {
    rtattr head{.rta_len = static_cast<unsigned short>(RTA_LENGTH(size)), .rta_type = type};
    append(head);
    const auto* bytes = static_cast<const char*>(data);
    bytes_.insert(bytes_.end(), bytes, bytes + size);
    pad();
  }
  void attribute(std::uint16_t type, const std::string& text) { attribute(type, text.c_str(), text.size() + 1); }
  void attribute(std::uint16_t type, std::uint32_t number) { attribute(type, &number, sizeof number); }
  /// begin() ... end(begin): what is between is nested in the attribute.
  std::size_t begin(std::uint16_t type) {
    const std::size_t at = bytes_.size();
    attribute(type, nullptr, 0);
    return at;
  }
  void end(std::size_t at) {
    const auto length = static_cast<unsigned short>(bytes_.size() - at);
    std::memcpy(&bytes_[at], &length, sizeof length);
  }
  const std::vector<char>& finished(std::uint32_t sequence) {
    const auto length = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(&bytes_[offsetof(nlmsghdr, nlmsg_len)], &length, sizeof length);
    std::memcpy(&bytes_[offsetof(nlmsghdr, nlmsg_seq)], &sequence, sizeof sequence);
    return bytes_;
  }

 private:
  void pad() { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); }
  std::vector<char> bytes_;
};

namespace {

in_addr ipv4(const std::string& text) {
  in_addr address{};
  inet_pton(AF_INET, text.c_str(), &address);
  return address;
}

std::array<unsigned char, 6> mac_bytes(const std::string& text) {
  std::array<unsigned char, 6> bytes{};
  std::size_t i = 0;
  for (const std::string_view piece : split(text, ':'))
    if (i < bytes.size())
      bytes.at(i++) = static_cast<unsigned char>(std::strtoul(std::string(piece).c_str(), nullptr, 16));
  return bytes;
}

}  // namespace

std::unexpected<Fault> network_failed(std::string_view doing, int error) {
  return refuse("ResourceInitializationError",
                cat("network: cannot ", doing, ": ", std::strerror(error)));  // NOLINT(concurrency-mt-unsafe)
}

Outcome<Netlink> Netlink::open() {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return network_failed("open netlink", errno);
  return Netlink(fd);
}

Netlink::Netlink(Netlink&& other) noexcept : fd_(std::exchange(other.fd_, -1)), sequence_(other.sequence_) {}

Netlink::~Netlink() {
  if (fd_ >= 0) close(fd_);
}

Outcome<> Netlink::ask(Message& message, std::string_view doing, int error_to_forgive) {
  const std::vector<char>& bytes = message.finished(++sequence_);
  if (send(fd_, bytes.data(), bytes.size(), 0) < 0) return network_failed(doing, errno);
  alignas(nlmsghdr) std::array<char, 8192> answer;
  const ssize_t n = recv(fd_, answer.data(), answer.size(), 0);
  if (n < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr)))) return network_failed(doing, n < 0 ? errno : EPROTO);
  nlmsgerr error{};
  std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
  if (error.error == 0 || -error.error == error_to_forgive) return {};
  return network_failed(doing, -error.error);
}

Outcome<> Netlink::add_veth(const std::string& name, const std::string& peer, int peer_namespace,
                            const std::string& peer_mac) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.append(ifinfomsg{});
  message.attribute(IFLA_IFNAME, name);
  const std::size_t info = message.begin(IFLA_LINKINFO);
  message.attribute(IFLA_INFO_KIND, std::string("veth"));
  const std::size_t data = message.begin(IFLA_INFO_DATA);
  const std::size_t other = message.begin(VETH_INFO_PEER);
  message.append(ifinfomsg{});
  message.attribute(IFLA_IFNAME, peer);
  message.attribute(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_namespace));
  const auto mac = mac_bytes(peer_mac);
  if (!peer_mac.empty()) message.attribute(IFLA_ADDRESS, mac.data(), mac.size());
  message.end(other);
  message.end(data);
  message.end(info);
  return ask(message, cat("make the interface ", name), EEXIST);
}

Outcome<> Netlink::remove_link(const std::string& name) {
  Message message(RTM_DELLINK, 0);
  message.append(ifinfomsg{});
  message.attribute(IFLA_IFNAME, name);
  return ask(message, cat("remove the interface ", name), ENODEV);
}

Outcome<> Netlink::set_up(const std::string& name) {
  Message message(RTM_NEWLINK, 0);
  ifinfomsg info{};
  info.ifi_flags = IFF_UP;
  info.ifi_change = IFF_UP;
  message.append(info);
  message.attribute(IFLA_IFNAME, name);
  return ask(message, cat("set up the interface ", name));
}

Outcome<> Netlink::add_address(const std::string& name, const std::string& address, int prefix) {
  Message message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
  ifaddrmsg info{};
  info.ifa_family = AF_INET;
  info.ifa_prefixlen = static_cast<unsigned char>(prefix);
  info.ifa_index = if_nametoindex(name.c_str());
  message.append(info);
  const in_addr bytes = ipv4(address);
  message.attribute(IFA_LOCAL, &bytes, sizeof bytes);
  message.attribute(IFA_ADDRESS, &bytes, sizeof bytes);
  return ask(message, cat("add the address ", address), EEXIST);
}

Outcome<> Netlink::add_route(const std::string& name, const std::string& address, int prefix,
                             const std::string& gateway) {
  Message message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = static_cast<unsigned char>(prefix);
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_STATIC;
  route.rtm_type = RTN_UNICAST;
  route.rtm_scope = gateway.empty() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  message.append(route);
  const in_addr destination = ipv4(address);
  if (prefix > 0) message.attribute(RTA_DST, &destination, sizeof destination);
  message.attribute(RTA_OIF, static_cast<std::uint32_t>(if_nametoindex(name.c_str())));
  const in_addr via = ipv4(gateway);
  if (!gateway.empty()) message.attribute(RTA_GATEWAY, &via, sizeof via);
  return ask(message, cat("add a route to ", address, "/", prefix));
}

}  // namespace utakata::sandbox
