#include "balancer/routing.hpp"

#include <algorithm>
#include <bitset>
#include <set>
#include <unordered_map>

#include "balancer/rule_match.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace utakata::balancer {
namespace {

constexpr std::size_t location_max = 8 * 1024;  // of a redirect
constexpr std::size_t depth_max = 16;           // labels of a host, segments of a path that the index tells apart

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return hash64(text); }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

bool is_wildcard(char c) { return c == '*' || c == '?'; }

// The part of a path pattern that every path it matches begins with, up to a slash; the whole pattern if it has no
// wildcard (`whole`).
struct PathKey {
  std::string text;
  bool whole = false;
  auto operator<=>(const PathKey&) const = default;
};
PathKey path_key(std::string_view pattern) {
  const auto wildcard = std::ranges::find_if(pattern, is_wildcard);
  if (wildcard == pattern.end()) return {.text = std::string(pattern), .whole = true};
  std::string_view literal = pattern.substr(0, static_cast<std::size_t>(wildcard - pattern.begin()));
  literal = literal.substr(0, literal.rfind('/') + 1);
  std::size_t end = 0;
  for (std::size_t depth = 0; depth + 1 < depth_max && end < literal.size(); ++depth) end = literal.find('/', end) + 1;
  return {.text = std::string(literal.substr(0, end))};
}

// The part of a host pattern that every host it matches ends with, from behind a dot; lower case.
std::string host_key(std::string_view pattern) {
  const auto wildcard = std::find_if(pattern.rbegin(), pattern.rend(), is_wildcard);
  std::string_view literal = pattern.substr(pattern.size() - static_cast<std::size_t>(wildcard - pattern.rbegin()));
  if (wildcard != pattern.rend()) {
    const std::size_t dot = literal.find('.');
    literal = dot == std::string_view::npos ? std::string_view() : literal.substr(dot + 1);
  }
  std::size_t begin = literal.size() + 1;
  for (std::size_t depth = 0; depth + 1 < depth_max && begin > 0; ++depth) {
    const std::size_t dot = begin < 2 ? std::string_view::npos : literal.rfind('.', begin - 2);
    begin = dot == std::string_view::npos ? 0 : dot + 1;
  }
  return to_lower(literal.substr(begin));
}

std::size_t depth_of(std::string_view text, char separator) {
  return static_cast<std::size_t>(std::ranges::count(text, separator));
}

// What the patterns of a rule's condition on this field are; null if any text may do.
const list<str>* patterns_of(const BalancerRule& rule, std::string_view field) {
  for (const BalancerCondition& condition : rule.conditions)
    if (condition.field.name() == field && condition.expressions.empty()) return &condition.values;
  return nullptr;
}

// Rules by the paths that they may match, each a place in the order of priority.
class PathIndex {
 public:
  void add(const PathKey& key, std::size_t place) {
    if (key.whole) {
      whole_[key.text].push_back(place);
      return;
    }
    const std::size_t depth = depth_of(key.text, '/');
    depths_.set(depth);
    beginnings_[key.text].push_back(place);
  }

  // Gives the lists of those that may match, one after the other.
  template <class Visit>
  void visit(std::string_view path, Visit&& look) const {
    if (!whole_.empty()) look_up(whole_, path, look);
    if (depths_.test(0)) look_up(beginnings_, {}, look);
    std::size_t end = 0;
    for (std::size_t depth = 1; depth < depth_max && (depths_ >> depth).any(); ++depth) {
      end = path.find('/', end);
      if (end == std::string_view::npos) return;
      ++end;
      if (depths_.test(depth)) look_up(beginnings_, path.substr(0, end), look);
    }
  }

 private:
  using Places = std::vector<std::size_t>;
  template <class Visit>
  static void look_up(const TextMap<Places>& map, std::string_view key, Visit& look) {
    if (const auto at = map.find(key); at != map.end()) look(at->second);
  }
  TextMap<Places> whole_;
  TextMap<Places> beginnings_;
  std::bitset<depth_max> depths_;  // that beginnings have
};

// Blanks and control characters would end the header, or the URL in it.
str escaped(std::string_view url) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  str out;
  for (const char c : url) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f)
      out += c;
    else
      out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

std::string filled(std::string_view pattern, const RequestView& request) {
  str out;
  while (!pattern.empty()) {
    const std::size_t mark = pattern.find("#{");
    out += pattern.substr(0, mark);
    if (mark == std::string_view::npos) break;
    const std::size_t end = pattern.find('}', mark);
    if (end == std::string_view::npos) return out + str(pattern.substr(mark));
    const std::string_view name = pattern.substr(mark + 2, end - mark - 2);
    if (name == "protocol") out += request.protocol;
    if (name == "host") out += request.host;
    if (name == "port") out += cat(request.port);
    if (name == "path") out += request.path().substr(request.path().starts_with('/') ? 1 : 0);
    if (name == "query") out += request.query();
    pattern.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

class Routing::Listener {
 public:
  explicit Listener(const BalancerListener& config) : port_(config.port) {
    for (const BalancerRule& rule : config.rules) {
      if (rule.priority == 0)
        default_ = &rule;
      else
        rules_.emplace_back(rule);
    }
    std::ranges::sort(rules_, {}, [](const RuleMatch& match) { return match.rule().priority; });
    for (std::size_t place = 0; place < rules_.size(); ++place) index(place);
  }

  [[nodiscard]] i32 port() const { return port_; }

  [[nodiscard]] Chosen choose(const RequestView& view) const {
    if (rules_.empty()) return {.rule = default_};
    const MatchedFacts facts = facts_of(view);
    const std::string_view path = view.path();
    std::size_t best = rules_.size();
    i32 tried = 0;
    const auto look = [&](const std::vector<std::size_t>& places) {
      for (const std::size_t place : places) {
        if (place >= best) return;
        ++tried;
        if (rules_[place].holds(facts)) best = place;
      }
    };
    const auto host_ends = [&](std::string_view end) {
      if (const auto at = hosts_.find(end); at != hosts_.end()) at->second.visit(path, look);
    };
    if (any_host_) host_ends({});
    std::size_t begin = view.host.size() + 1;
    for (std::size_t depth = 0; depth + 1 < depth_max && begin > 0 && (host_depths_ >> depth).any(); ++depth) {
      const std::size_t dot = begin < 2 ? std::string_view::npos : view.host.rfind('.', begin - 2);
      begin = dot == std::string_view::npos ? 0 : dot + 1;
      if (host_depths_.test(depth)) host_ends(view.host.substr(begin));
    }
    return chosen(best, tried);
  }

  [[nodiscard]] Chosen walk(const RequestView& view) const {
    const MatchedFacts facts = facts_of(view);
    std::size_t place = 0;
    while (place < rules_.size() && !rules_[place].holds(facts)) ++place;
    return chosen(place, static_cast<i32>(std::min(place + 1, rules_.size())));
  }

 private:
  [[nodiscard]] Chosen chosen(std::size_t place, i32 tried) const {
    const bool found = place < rules_.size();
    return {.rule = found ? &rules_[place].rule() : default_,
            .evaluated = static_cast<i32>(found ? place + 1 : rules_.size()),
            .tried = tried};
  }

  void index(std::size_t place) {
    const BalancerRule& rule = rules_[place].rule();
    std::set<std::string> hosts;
    std::set<PathKey> paths;
    if (const auto* patterns = patterns_of(rule, "host-header"))
      for (const str& pattern : *patterns) hosts.insert(host_key(pattern));
    else
      hosts.insert("");
    if (const auto* patterns = patterns_of(rule, "path-pattern"))
      for (const str& pattern : *patterns) paths.insert(path_key(pattern));
    else
      paths.insert(PathKey{});
    for (const std::string& host : hosts) {
      if (host.empty())
        any_host_ = true;
      else
        host_depths_.set(depth_of(host, '.'));
      for (const PathKey& path : paths) hosts_[host].add(path, place);
    }
  }

  i32 port_;
  const BalancerRule* default_ = nullptr;
  std::vector<RuleMatch> rules_;  // by priority, without the default
  TextMap<PathIndex> hosts_;      // by what a host ends with
  bool any_host_ = false;
  std::bitset<depth_max> host_depths_;  // dots in those ends
};

Routing::Routing(std::shared_ptr<const BalancerConfig> config) : config_(std::move(config)) {
  listeners_.reserve(config_->listeners.size());
  for (const BalancerListener& listener : config_->listeners) listeners_.emplace_back(listener);
}
Routing::~Routing() = default;

const Routing::Listener* Routing::listener_at(i32 port) const {
  const auto at = std::ranges::find(listeners_, port, &Listener::port);
  return at == listeners_.end() ? nullptr : &*at;
}

Chosen Routing::choose(const RequestView& view) const {
  const Listener* listener = listener_at(view.port);
  return listener != nullptr ? listener->choose(view) : Chosen{};
}

Chosen Routing::walk(const RequestView& view) const {
  const Listener* listener = listener_at(view.port);
  return listener != nullptr ? listener->walk(view) : Chosen{};
}

std::string_view choose_group(const BalancerAction& action, std::uint64_t turn) {
  std::uint64_t total = 0;
  for (const WeightedGroup& group : action.forward) total += static_cast<std::uint64_t>(std::max(group.weight, 0));
  if (total == 0) return {};
  // Mixed: by turns, requests that alternate between two rules would meet the same group of each again and again.
  std::uint64_t place = mix(turn) % total;
  for (const WeightedGroup& group : action.forward) {
    const auto weight = static_cast<std::uint64_t>(std::max(group.weight, 0));
    if (place < weight) return group.target_group_arn;
    place -= weight;
  }
  return {};
}

str redirect_location(const BalancerAction& action, const RequestView& request) {
  const str query = filled(action.redirect_query, request);
  str location = escaped(cat(to_lower(filled(action.redirect_protocol, request)), "://",
                             filled(action.redirect_host, request), ":", filled(action.redirect_port, request),
                             filled(action.redirect_path, request), query.empty() ? "" : "?", query));
  return location.size() <= location_max ? location : str();
}

}  // namespace utakata::balancer
