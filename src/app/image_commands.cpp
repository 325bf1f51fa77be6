#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include "app/commands.hpp"
#include "app/serve_settings.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "images/collect.hpp"
#include "images/image_store.hpp"
#include "reactor/wall_clock.hpp"

// Images work on the store itself, under its lock, with the daemon or without (docs/decisions/0007).
namespace utakata::app {
namespace {

constexpr Duration next_word_after = seconds(5);  // of progress, where there is no terminal

using reactor::wall_clock;

void print(std::FILE* to, const std::string& text) { std::fwrite(text.data(), 1, text.size(), to); }

std::string folder_of(const Arguments& arguments) { return arguments.text("state") + "/sandbox/images"; }

// An empty answer about another folder would be taken for the truth.
Outcome<> check_store(const Arguments& arguments) {
  const std::string folder = folder_of(arguments);
  if (access(folder.c_str(), R_OK | X_OK) == 0) return {};
  if (errno == EACCES) return refuse("CannotOpen", cat(folder, " cannot be read: run it as root"));
  return refuse("CannotOpen", cat("there is no store of images in ", folder, ": --state names the platform's folder"));
}

Outcome<> open_store(const images::ImageStore& images, const Arguments& arguments) {
  if (auto opened = images.open(); !opened)
    return refuse("CannotOpen", cat(opened.error().message, geteuid() == 0 ? "" : ": run it as root",
                                    "; --state says where (", arguments.text("state"), ")"));
  return {};
}

images::Sources sources_of(const Arguments& arguments) {
  const images::Store store(folder_of(arguments));
  auto known = images::read_sources(store);
  if (known) return *std::move(known);
  return {.layouts = arguments.text("state") + "/images"};
}

std::string size_text(i64 bytes) {
  constexpr i64 mib = i64{1} << 20;
  return bytes < 10 * mib ? cat(bytes / 1024, " KiB") : cat(bytes / mib, " MiB");
}

/// Progress for people: one line that changes on a terminal, else one from time to time.
images::ImageStore::Tell shown_progress() {
  return [terminal = isatty(STDERR_FILENO) == 1, next = Instant{}](const images::Progress& progress) mutable {
    const std::string line =
        cat(progress.reference, ": ", size_text(progress.bytes_done), " of ", size_text(progress.bytes));
    if (terminal) return print(stderr, cat("\r\033[K", line, progress.bytes_done >= progress.bytes ? "\n" : ""));
    if (wall_clock() < next) return;
    next = wall_clock() + next_word_after;
    print(stderr, line + "\n");
  };
}

Json json_of(const images::Store& store, const images::Record& record) {
  Json image = Json::object();
  image.set("reference", record.reference);
  image.set("digest", record.digest);
  image.set("source", record.source);
  image.set("kept", record.kept);
  image.set("packedBytes", record.bytes);
  image.set("bytes", images::bytes_of(store, {record.digest}));
  image.set("pulledAt", iso8601(record.pulled_at));
  image.set("usedAt", iso8601(record.used_at));
  Json& tasks = image.set("tasks", Json::array());
  for (const auto& [task, digests] : store.holders())
    if (std::ranges::find(digests, record.digest) != digests.end()) tasks.push(task);
  return image;
}

std::string table_of(const Json& images) {
  constexpr std::size_t digest_digits = 19;  // "sha256:" and twelve more
  std::size_t width = std::string_view("REFERENCE").size();
  for (const Json& each : images.items()) width = std::max(width, each.text_at({"reference"}).size());
  const auto row = [width](std::string_view reference, std::string_view digest, std::string_view size,
                           std::string_view source, std::string_view tasks) {
    std::string line(reference);
    for (const auto& [text, column] :
         {std::pair(digest, width + 2), {size, width + 23}, {source, width + 35}, {tasks, width + 51}}) {
      line.resize(column, ' ');
      line += text;
    }
    return line + "\n";
  };
  std::string out = row("REFERENCE", "DIGEST", "SIZE", "SOURCE", "TASKS");
  for (const Json& each : images.items()) {
    const i64 bytes = each.find("bytes")->integer().value_or(0);
    const std::string source = cat(each.text_at({"source"}), each.find("kept")->boolean() ? ", kept" : "");
    out += row(each.text_at({"reference"}), each.text_at({"digest"}).substr(0, digest_digits), size_text(bytes), source,
               cat(each.find("tasks")->size()));
  }
  return out;
}

int show(const Arguments& arguments, const images::Store& store, const Outcome<images::Record>& record) {
  if (!record) return fail(record.error());
  print(stdout, arguments.flag("json") ? json_of(store, *record).write() + "\n"
                                       : cat(record->reference, " ", record->digest, "\n"));
  return 0;
}

Outcome<> exactly(const Arguments& arguments, std::string_view command, std::size_t least, std::size_t most) {
  const std::size_t given = arguments.positional().size();
  if (given >= least && given <= most) return {};
  return refuse("Usage", cat("utakata ", command, ": ", given < least ? "an image is missing" : "a word too many",
                             "; utakata help ", command, " tells more"));
}

Outcome<images::Record> pull(const Arguments& arguments) {
  TRY_VOID(exactly(arguments, "image pull", 1, 1));
  images::Sources sources = sources_of(arguments);
  TRY_VOID(add_registries(arguments, sources));
  images::ImageStore images(folder_of(arguments), std::move(sources));
  TRY_VOID(open_store(images, arguments));
  const auto& text = arguments.positional().front();
  static_cast<void>(TRY(images.bring(text, nullptr, shown_progress(), true)));
  const auto record = images.store().find(TRY(images::parse_reference(text)).text());
  if (!record) return refuse("ImageNotFound", cat(text, " was removed meanwhile"));
  return *record;
}

// What a shell would take for a path is one, wherever the command is run from.
Outcome<images::Record> import(const Arguments& arguments) {
  TRY_VOID(exactly(arguments, "image import", 1, 2));
  images::ImageStore images(folder_of(arguments), sources_of(arguments));
  TRY_VOID(open_store(images, arguments));
  const auto& words = arguments.positional();
  constexpr std::array<std::string_view, 5> transports{
      "docker-archive:", "oci-archive:", "oci:", "containers-storage:", "docker-daemon:"};
  if (std::ranges::none_of(transports, [&](std::string_view t) { return words[0].starts_with(t); }))
    return refuse(
        "Usage",
        cat("utakata image import: ", words[0],
            ": a source begins with docker-archive:, oci-archive:, oci:, containers-storage: or docker-daemon:"));
  return images.import(words[0], words.size() > 1 ? words[1] : std::string(), shown_progress());
}

}  // namespace

int run_image_ls(const Arguments& arguments) {
  const images::Store store(folder_of(arguments));
  if (auto there = check_store(arguments); !there) return fail(there.error());
  Json answer = Json::object();
  Json& images = answer.set("images", Json::array());
  list<str> digests;
  for (const images::Record& record : store.records()) {
    images.push(json_of(store, record));
    digests.push_back(record.digest);
  }
  const std::string table = table_of(images);
  answer.set("bytes", images::bytes_of(store, digests));
  print(stdout, arguments.flag("json") ? answer.write() + "\n" : table);
  return 0;
}

int run_image_pull(const Arguments& arguments) {
  return show(arguments, images::Store(folder_of(arguments)), pull(arguments));
}

int run_image_import(const Arguments& arguments) {
  return show(arguments, images::Store(folder_of(arguments)), import(arguments));
}

int run_image_rm(const Arguments& arguments) {
  const images::Store store(folder_of(arguments));
  if (auto enough = exactly(arguments, "image rm", 1, 1000); !enough) return fail(enough.error());
  if (auto there = check_store(arguments); !there) return fail(there.error());
  Json answer = Json::object();
  Json& removed = answer.set("removed", Json::array());
  int status = 0;
  for (const std::string& reference : arguments.positional()) {
    const auto gone = images::remove_image(store, reference);
    if (gone)
      removed.push(reference);
    else
      status = fail(gone.error());
  }
  // By no rule but that nothing needs it.
  const auto collected =
      images::collect(store, {.unused_for = hours(24 * 36500), .bytes_max = INT64_MAX}, wall_clock());
  if (!collected) print(stderr, cat("utakata: ", collected.error().message, "\n"));
  answer.set("freedBytes", collected ? collected->bytes : 0);
  if (arguments.flag("json")) print(stdout, answer.write() + "\n");
  return status;
}

}  // namespace utakata::app
