#include "images/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/json.hpp"
#include "base/text.hpp"
#include "images/digest.hpp"
#include "images/files.hpp"

namespace utakata::images {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t record_bytes_max = std::size_t{16} << 10;
constexpr int tries_for_lock = 100;
constexpr useconds_t between_tries_us = 20'000;

bool exists(const str& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

list<str> names_in(const str& folder) {
  list<str> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

StoreLock::~StoreLock() {
  if (fd_ >= 0) close(fd_);
}

str Store::path(std::string_view below) const { return cat(folder_, "/", below); }

Outcome<> Store::open() const {
  std::error_code error;
  for (const char* name : {"blobs/sha256", "layers", "sizes", "references", "holders", "pulls", "partial", "trash"})
    fs::create_directories(path(name), error);
  if (error) return refuse("CannotWrite", cat("cannot make ", folder_, ": ", error.message()));
  ::chmod(folder_.c_str(), 0700);
  return {};
}

Outcome<StoreLock> Store::share() const {
  const int fd = ::open(path("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return refuse("CannotWrite", cat("cannot open ", path("lock")));
  while (flock(fd, LOCK_SH) != 0 && errno == EINTR) {
  }
  return StoreLock(fd);
}

std::optional<StoreLock> Store::own() const {
  const int fd = ::open(path("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return {};
  for (int i = 0; i < tries_for_lock; ++i) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return StoreLock(fd);
    usleep(between_tries_us);
  }
  close(fd);
  return {};
}

str Store::blob_path(const str& digest) const { return path("blobs/sha256/" + hex_of(digest)); }
bool Store::has_blob(const str& digest) const { return exists(blob_path(digest)); }

Outcome<str> Store::read_blob(const str& digest) const {
  str bytes = TRY(read_file(blob_path(digest), manifest_bytes_max));
  if (digest_of(bytes) != digest)
    return refuse("DigestMismatch", cat("unexpected commit digest ", digest_of(bytes), ", expected ", digest));
  return bytes;
}

Outcome<> Store::put_blob(const str& bytes) const {
  const str digest = digest_of(bytes);
  if (has_blob(digest)) return {};
  return write_file_durably(blob_path(digest), bytes);
}

str Store::layer_path(const str& diff_id) const { return path("layers/" + hex_of(diff_id)); }
bool Store::has_layer(const str& diff_id) const { return exists(layer_path(diff_id)); }

i64 Store::layer_bytes(const str& diff_id) const {
  const auto text = read_file(path("sizes/" + hex_of(diff_id)), record_bytes_max);
  return text ? parse_integer(*text).value_or(0) : 0;
}

str Store::record_path(const str& reference) const { return path("references/" + hex_of(digest_of(reference))); }

namespace {

std::optional<Record> read_record(const str& path) {
  const auto text = read_file(path, record_bytes_max);
  if (!text) return {};
  const auto json = Json::parse(*text);
  if (!json) return {};
  Record record{.reference = str(json->text_at({"reference"})),
                .digest = str(json->text_at({"digest"})),
                .source = str(json->text_at({"source"})),
                .bytes = json->integer_at({"bytes"}),
                .pulled_at = Instant{json->integer_at({"pulledAt"})}};
  if (const Json* kept = json->find("kept")) record.kept = kept->boolean();
  struct stat status{};
  if (stat(path.c_str(), &status) == 0)
    record.used_at = Instant{status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
  if (!is_digest(record.digest) || record.reference.empty()) return {};
  return record;
}

}  // namespace

std::optional<Record> Store::find(const str& reference) const { return read_record(record_path(reference)); }

Outcome<> Store::put(const Record& record) const {
  Json json = Json::object();
  json.set("reference", record.reference);
  json.set("digest", record.digest);
  json.set("source", record.source);
  json.set("kept", record.kept);
  json.set("bytes", record.bytes);
  json.set("pulledAt", record.pulled_at.ns);
  return write_file_durably(record_path(record.reference), json.write());
}

void Store::touch(const str& reference) const { utimensat(AT_FDCWD, record_path(reference).c_str(), nullptr, 0); }

bool Store::forget(const str& reference) const { return unlink(record_path(reference).c_str()) == 0; }

list<Record> Store::records() const {
  list<Record> all;
  const str folder = path("references");
  for (const str& name : names_in(folder)) {
    if (is_half_written(name)) continue;
    if (auto record = read_record(cat(folder, "/", name))) all.push_back(*std::move(record));
  }
  std::ranges::sort(all, {}, &Record::reference);
  return all;
}

Outcome<> Store::hold(const str& holder, const list<str>& digests) const {
  return write_file(cat(path("holders"), "/", holder), join(digests, "\n"));
}

// Its images were in use until now.
void Store::release(const str& name) const {
  if (const list<str> digests = holder(name); !digests.empty())
    for (const Record& record : records())
      if (std::ranges::find(digests, record.digest) != digests.end()) touch(record.reference);
  unlink(cat(path("holders"), "/", name).c_str());
}

list<str> Store::holder(const str& name) const {
  list<str> digests;
  const auto text = read_file(cat(path("holders"), "/", name), record_bytes_max);
  if (text)
    for (const std::string_view digest : split(*text, '\n'))
      if (is_digest(digest)) digests.emplace_back(digest);
  return digests;
}

dict<list<str>> Store::holders() const {
  dict<list<str>> all;
  for (const str& name : names_in(path("holders")))
    if (!is_half_written(name)) all[name] = holder(name);
  return all;
}

}  // namespace utakata::images
