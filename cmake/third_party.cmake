# Third-party libraries, linked to the one module that uses each.
function(utakata_uses module)
  get_target_property(type ${module} TYPE)
  if(NOT type STREQUAL "INTERFACE_LIBRARY")
    target_link_libraries(${module} PUBLIC ${ARGN})
  endif()
endfunction()

utakata_uses(wire OpenSSL::Crypto ZLIB::ZLIB)
utakata_uses(store SQLite::SQLite3 Threads::Threads)
utakata_uses(shell Threads::Threads)
utakata_uses(balancer Threads::Threads ZLIB::ZLIB)
utakata_uses(images LibArchive::LibArchive OpenSSL::Crypto Threads::Threads)
utakata_uses(sandbox nftables Threads::Threads)
