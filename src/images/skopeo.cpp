#include "images/skopeo.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/json.hpp"
#include "base/text.hpp"
#include "images/digest.hpp"
#include "images/files.hpp"
#include "images/store.hpp"
#include "reactor/process.hpp"

namespace utakata::images {
namespace {

namespace fs = std::filesystem;

constexpr int attempts_max = 3;
constexpr useconds_t between_attempts_us = 1'000'000;
constexpr Duration question_patience = seconds(60);  // for a manifest or a configuration
constexpr Duration copy_patience = hours(4);         // a pull that stands still is ended much earlier, by its owner

void tls(list<str>& words, std::string_view option, const Repository& repository) {
  if (repository.insecure) words.push_back(cat("--", option, "=false"));
}

}  // namespace

Skopeo::~Skopeo() {
  std::error_code error;
  fs::remove_all(folder_, error);
}

Outcome<> Skopeo::open() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return refuse("CannotWrite", cat("cannot make ", folder_, ": ", error.message()));
  ::chmod(folder_.c_str(), 0700);
  return {};
}

Outcome<str> Skopeo::write_auth_file(std::string_view registry, const Credential* credential) const {
  Json json = Json::object();
  Json& auths = json.set("auths", Json::object());
  if (credential != nullptr)
    auths.set(registry, Json::object())
        .set("auth", base64_encode(cat(credential->user_name, ":", credential->password)));
  const str path = folder_ + "/auth.json";
  TRY_VOID(write_file(path, json.write()));
  return path;
}

// It dies with us, also when nobody is left to end it.
list<str> Skopeo::command(list<str> words) const {
  list<str> all{"setpriv", "--pdeathsig", "KILL", "--", "skopeo", "--tmpdir", folder_};
  if (access("/etc/containers/policy.json", R_OK) != 0) all.emplace_back("--insecure-policy");
  all.insert(all.end(), std::make_move_iterator(words.begin()), std::make_move_iterator(words.end()));
  return all;
}

Skopeo::Answer<> Skopeo::run(const list<str>& words, Duration patience, const str& output_file) const {
  Refusal refusal;
  for (refusal.attempts = 1;; ++refusal.attempts) {
    const auto ended =
        reactor::run_process_blocking(command(words), patience, {.output_file = output_file, .meanwhile = meanwhile_});
    if (!ended) {
      refusal.trouble = PullTrouble::other;
      refusal.detail = ended.error().message;
      return std::unexpected(refusal);
    }
    if (!ended->timed_out && ended->exit_code == 0) return {};
    refusal.trouble = ended->timed_out ? PullTrouble::timed_out : trouble_of(ended->output);
    refusal.detail = ended->timed_out ? "i/o timeout" : last_words(ended->output);
    if (!passes_by_itself(refusal.trouble) || refusal.attempts == attempts_max) return std::unexpected(refusal);
    usleep(between_attempts_us);
    if (meanwhile_ && !meanwhile_()) return std::unexpected(refusal);
  }
}

Skopeo::Answer<str> Skopeo::read(const list<str>& words) const {
  const str file = folder_ + "/answer";
  if (auto done = run(words, question_patience, file); !done) return std::unexpected(done.error());
  auto text = read_file(file, manifest_bytes_max);
  if (!text) return std::unexpected(Refusal{.trouble = PullTrouble::other, .detail = text.error().message});
  return *std::move(text);
}

Skopeo::Answer<str> Skopeo::manifest(const Repository& from, const str& which) const {
  list<str> words{"inspect", "--raw", "--authfile", from.auth_file};
  tls(words, "tls-verify", from);
  words.push_back(cat("docker://", from.name, which));
  return read(words);
}

Skopeo::Answer<str> Skopeo::config(const Repository& from, const str& digest) const {
  list<str> words{"inspect", "--config", "--raw", "--authfile", from.auth_file};
  tls(words, "tls-verify", from);
  words.push_back(cat("docker://", from.name, "@", digest));
  return read(words);
}

Skopeo::Answer<> Skopeo::layers(const Repository& from, const str& digest, const str& blobs) const {
  list<str> words{"copy", "--quiet", "--src-authfile", from.auth_file};
  tls(words, "src-tls-verify", from);
  words.insert(words.end(), {"--dest-oci-accept-uncompressed-layers", "--dest-shared-blob-dir", blobs,
                             cat("docker://", from.name, "@", digest), cat("oci:", folder_, "/layout:image")});
  return run(words, copy_patience, {});
}

Skopeo::Answer<str> Skopeo::import(const str& source, const str& blobs) const {
  const list<str> words{"copy", "--quiet", "--dest-oci-accept-uncompressed-layers", "--dest-shared-blob-dir",
                        blobs,  source,    cat("oci:", folder_, "/layout:image")};
  if (auto done = run(words, copy_patience, {}); !done) return std::unexpected(done.error());
  const auto index = read_file(folder_ + "/layout/index.json", manifest_bytes_max);
  const auto parsed = index ? parse_manifest(*index) : Outcome<Manifest>(std::unexpected(index.error()));
  if (!parsed || parsed->choices.size() != 1)
    return std::unexpected(Refusal{.trouble = PullTrouble::other, .detail = "skopeo left no image"});
  return parsed->choices.front().manifest.digest;
}

list<str> Skopeo::names_in_archive(const str& source) const {
  const auto answer = read({"list-tags", source});
  list<str> names;
  if (!answer) return names;
  const auto json = Json::parse(*answer);
  const Json* tags = json ? json->find("Tags") : nullptr;
  if (tags != nullptr)
    for (const Json& tag : tags->items()) names.push_back(tag.text());
  return names;
}

i64 Skopeo::bytes_under_way() const {
  i64 sum = 0;
  for (const str& folder : {folder_, folder_ + "/layout"})
    for (const str& name : names_in(folder)) {
      struct stat status{};
      if (stat(cat(folder, "/", name).c_str(), &status) == 0 && S_ISREG(status.st_mode)) sum += status.st_size;
    }
  return sum;
}

}  // namespace utakata::images
