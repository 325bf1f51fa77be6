#include "services/secretsmanager/state.hpp"

#include <algorithm>

namespace utakata::secretsmanager {
namespace {

constexpr std::size_t suffix_characters = 7;  // "-AbCdEf" at the end of an ARN

std::unexpected<Fault> not_found() {
  return refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
}

}  // namespace

void declare_tables(Schema& schema) {
  schema.table<SecretRow>(
      {.due = [](const SecretRow& row) { return row.erase_at.set() ? row.erase_at : Instant::never(); },
       .on_due = [](Tx& tx, const Key& key) { tx.erase<SecretRow>(key); }});
}

Outcome<Key> find_secret(const Tx& tx, const World& world, std::string_view id) {
  if (!id.starts_with("arn:")) {
    Key key = world.key(id);
    if (tx.find<SecretRow>(key) == nullptr) return not_found();
    return key;
  }
  const auto parts = split(id, ':');
  if (parts.size() < 7 || parts[2] != "secretsmanager" || parts[5] != "secret") return not_found();
  const World named{.account = str(parts[4]), .region = str(parts[3])};
  const std::string_view name = parts[6];
  // The whole ARN goes before a name that looks like one.
  if (name.size() > suffix_characters) {
    Key key = named.key(name.substr(0, name.size() - suffix_characters));
    if (const SecretRow* row = tx.find<SecretRow>(key); row != nullptr && row->arn == id) return key;
  }
  Key key = named.key(name);
  if (tx.find<SecretRow>(key) == nullptr) return not_found();
  return key;
}

Outcome<Key> find_usable(const Tx& tx, const World& world, std::string_view id) {
  Key key = TRY(find_secret(tx, world, id));
  if (tx.find<SecretRow>(key)->deleted_at.set())
    return invalid_request("You can't perform this operation on the secret because it was marked for deletion.");
  return key;
}

Outcome<const Version*> find_version(const SecretRow& row, std::string_view id, std::string_view stage) {
  const std::string_view wanted = id.empty() && stage.empty() ? current : stage;
  for (const Version& each : row.versions) {
    if (!id.empty() && each.id != id) continue;
    if (!wanted.empty() && !each.in(wanted)) {
      if (id.empty()) continue;
      return invalid_request("You provided a VersionStage that is not associated to the provided VersionId.");
    }
    return &each;
  }
  if (!id.empty())
    return refuse("ResourceNotFoundException",
                  cat("Secrets Manager can't find the specified secret value for VersionId: ", id));
  return refuse("ResourceNotFoundException",
                cat("Secrets Manager can't find the specified secret value for staging label: ", wanted));
}

void move_stages(SecretRow& row, const str& version_id, const list<str>& stages) {
  const bool becomes_current = std::ranges::find(stages, current) != stages.end();
  for (Version& each : row.versions) {
    if (becomes_current && each.id != version_id && each.in(current)) {
      for (Version& other : row.versions) std::erase(other.stages, str(previous));
      each.stages.emplace_back(previous);
    }
  }
  for (Version& each : row.versions)
    for (const str& stage : stages) {
      if (each.id != version_id)
        std::erase(each.stages, stage);
      else if (!each.in(stage))
        each.stages.push_back(stage);
    }
}

}  // namespace utakata::secretsmanager
