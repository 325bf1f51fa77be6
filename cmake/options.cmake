# What every target shares: language, sanitizers, hardening, warnings.
option(UTAKATA_TESTS "build the unit tests" ON)
set(UTAKATA_SANITIZE "" CACHE STRING "address,undefined or thread")

add_library(utakata_options INTERFACE)
target_compile_features(utakata_options INTERFACE cxx_std_23)
target_include_directories(utakata_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(utakata_options INTERFACE _GLIBCXX_ASSERTIONS)
if(UTAKATA_SANITIZE)
  target_compile_options(utakata_options INTERFACE -fsanitize=${UTAKATA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(utakata_options INTERFACE -fsanitize=${UTAKATA_SANITIZE})
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(utakata_options INTERFACE -fstack-protector-strong)
  target_link_options(utakata_options INTERFACE -Wl,-z,relro,-z,now)
endif()
find_program(UTAKATA_MOLD mold)
if(UTAKATA_MOLD)
  target_link_options(utakata_options INTERFACE -fuse-ld=mold)
endif()

add_library(utakata_warnings INTERFACE)
target_compile_options(utakata_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-align
  -Woverloaded-virtual -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough -Wextra-semi -Wundef
  -Wunreachable-code-aggressive -Wcomma -Wrange-loop-analysis -Wheader-hygiene -Wnull-dereference
  -Wreserved-identifier -Wzero-as-null-pointer-constant
  -Wno-missing-designated-field-initializers -Wno-missing-field-initializers -Wno-gnu-statement-expression-from-macro-expansion)
add_library(utakata_test_warnings INTERFACE)
target_include_directories(utakata_test_warnings INTERFACE ${CMAKE_SOURCE_DIR})  # tests/files.hpp
target_compile_options(utakata_test_warnings INTERFACE -Wno-unused-member-function)

# Not in the release build, which is compiled once: reading the headers ahead would only add to it.
option(UTAKATA_PCH "precompile the headers that nearly every file includes" OFF)
add_library(utakata_precompiled STATIC ${CMAKE_SOURCE_DIR}/cmake/precompiled.cpp)
target_link_libraries(utakata_precompiled PUBLIC utakata_options)
if(UTAKATA_PCH)
  target_precompile_headers(utakata_precompiled PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp)
endif()
# Up to twelve of a module's sources (not its tests) are compiled as one, which reads the same headers once. Not in the dev
# build, where a change compiles its own source only; tools/lint.sh alone holds that each stands by itself.
option(UTAKATA_UNITY "compile sources of a module together" OFF)
function(utakata_unite target)
  if(UTAKATA_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  endif()
endfunction()
function(utakata_precompile target)
  if(UTAKATA_PCH)
    target_precompile_headers(${target} REUSE_FROM utakata_precompiled)
  endif()
endfunction()
