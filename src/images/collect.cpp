#include "images/collect.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/text.hpp"
#include "images/digest.hpp"
#include "images/files.hpp"
#include "images/reference.hpp"

namespace utakata::images {
namespace {

namespace fs = std::filesystem;

// Everything that some images are made of, by its place below the store.
struct Parts {
  std::set<str> blobs, layers;  // hexadecimal digits
};

// An image whose manifest cannot be read keeps everything: nobody knows what it is made of.
Outcome<> add_parts(const Store& store, const str& digest, Parts& parts) {
  const str manifest_text = TRY(store.read_blob(digest));
  const Manifest manifest = TRY(parse_manifest(manifest_text));
  const str config_text = TRY(store.read_blob(manifest.config.digest));
  const Config config = TRY(parse_config(config_text));
  parts.blobs.insert(hex_of(digest));
  parts.blobs.insert(hex_of(manifest.config.digest));
  for (const Descriptor& layer : manifest.layers) parts.blobs.insert(hex_of(layer.digest));
  for (const str& id : config.diff_ids) parts.layers.insert(hex_of(id));
  return {};
}

Outcome<Parts> parts_of(const Store& store, const std::set<str>& digests) {
  Parts parts;
  for (const str& digest : digests) TRY_VOID(add_parts(store, digest, parts));
  return parts;
}

i64 size_of(const str& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

i64 bytes_of(const Store& store, const Parts& parts) {
  i64 sum = 0;
  for (const str& hex : parts.blobs) sum += size_of(store.path("blobs/sha256/" + hex));
  for (const str& hex : parts.layers) sum += store.layer_bytes("sha256:" + hex);
  return sum;
}

std::set<str> held(const Store& store) {
  std::set<str> digests;
  for (const auto& [holder, images] : store.holders()) digests.insert(images.begin(), images.end());
  return digests;
}

class Collector {
 public:
  Collector(const Store& store, const CollectRules& rules, Instant now)
      : store_(store), rules_(rules), now_(now), held_(held(store)), records_(store.records()) {}

  Outcome<Collected> run() {
    std::ranges::sort(records_, {}, &Record::used_at);  // the longest unused first
    forget_if([this](const Record& record) { return now_ - record.used_at > rules_.unused_for; });
    while (true) {
      const Parts needed = TRY(parts_of(store_, digests()));
      if (bytes_of(store_, needed) <= rules_.bytes_max) break;
      if (!forget_first()) break;
    }
    const Parts needed = TRY(parts_of(store_, digests()));
    for (const Record& record : gone_) {
      static_cast<void>(store_.forget(record.reference));
      collected_.references.push_back(record.reference);
    }
    discard_others("blobs/sha256", needed.blobs);
    discard_others("layers", needed.layers);
    discard_others("sizes", needed.layers);
    for (const char* folder : {"pulls", "partial"}) discard_others(folder, {});
    for (const char* folder : {"references", "holders"}) remove_half_written(folder);
    return collected_;
  }

 private:
  [[nodiscard]] bool may_go(const Record& record) const {
    return !record.kept && !held_.contains(record.digest) && now_ - record.used_at >= rules_.never_before;
  }
  template <class Question>
  void forget_if(Question&& question) {
    for (auto at = records_.begin(); at != records_.end();) {
      if (!may_go(*at) || !question(*at)) {
        ++at;
        continue;
      }
      gone_.push_back(*at);
      at = records_.erase(at);
    }
  }
  bool forget_first() {
    const auto at = std::ranges::find_if(records_, [this](const Record& record) { return may_go(record); });
    if (at == records_.end()) return false;
    gone_.push_back(*at);
    records_.erase(at);
    return true;
  }
  [[nodiscard]] std::set<str> digests() const {
    std::set<str> all = held_;
    for (const Record& record : records_) all.insert(record.digest);
    return all;
  }
  // A rename takes it away at once and whole; its bytes are freed later, without the lock.
  void discard_others(std::string_view folder, const std::set<str>& needed) {
    for (const str& name : names_in(store_.path(folder))) {
      if (needed.contains(name)) continue;
      const str path = cat(store_.path(folder), "/", name);
      if (folder == "layers") collected_.bytes += store_.layer_bytes("sha256:" + name);
      if (folder == "blobs/sha256") collected_.bytes += size_of(path);
      str flat(folder);
      std::ranges::replace(flat, '/', '-');
      std::error_code error;
      fs::rename(path, store_.path(cat("trash/", flat, "-", name, "-", getpid(), "-", ++discarded_, "-", now_.ns)),
                 error);
    }
  }

  // Nobody writes while this has the lock: what has no name yet was left by somebody who was killed.
  void remove_half_written(std::string_view folder) {
    for (const str& name : names_in(store_.path(folder)))
      if (is_half_written(name)) unlink(cat(store_.path(folder), "/", name).c_str());
  }

  const Store& store_;
  CollectRules rules_;
  Instant now_;
  std::set<str> held_;
  list<Record> records_, gone_;
  Collected collected_;
  int discarded_ = 0;
};

}  // namespace

i64 bytes_of(const Store& store, const list<str>& digests) {
  const auto parts = parts_of(store, {digests.begin(), digests.end()});
  return parts ? bytes_of(store, *parts) : 0;
}

Outcome<Collected> collect(const Store& store, const CollectRules& rules, Instant now) {
  Outcome<Collected> collected;
  {
    const auto lock = store.own();
    if (!lock) return refuse("StoreBusy", "images are being brought; what nobody needs is taken away later");
    collected = Collector(store, rules, now).run();
  }
  std::error_code error;
  for (const str& name : names_in(store.path("trash"))) fs::remove_all(cat(store.path("trash"), "/", name), error);
  return collected;
}

Outcome<> remove_image(const Store& store, const str& text) {
  const Reference reference = TRY(parse_reference(text));
  const auto record = store.find(reference.text());
  if (!record)
    return refuse("ImageNotFound", cat("there is no image ", reference.text(), "; `utakata image ls` lists them"));
  list<str> users;
  for (const auto& [holder, digests] : store.holders())
    if (std::ranges::find(digests, record->digest) != digests.end()) users.push_back(holder);
  if (!users.empty())
    return refuse("ImageInUse", cat(reference.text(), " is used by ", users.size(), " task(s): ", join(users, ", ")));
  static_cast<void>(store.forget(reference.text()));
  return {};
}

}  // namespace utakata::images
