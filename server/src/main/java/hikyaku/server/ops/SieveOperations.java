package hikyaku.server.ops;

import com.google.protobuf.ByteString;
import hikyaku.protocol.sieve.SieveLimits;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.filter.Filter;
import hikyaku.server.filter.ScriptBook;
import hikyaku.server.filter.ScriptException;
import hikyaku.server.filter.Scripts;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sieve scripts of accounts. */
public final class SieveOperations implements AdminApi.Group {
  private final Directory directory;
  private final Filter filter;

  public SieveOperations(Directory directory, Filter filter) {
    this.directory = directory;
    this.filter = filter;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "accounts/*/sieve", this::list);
    table.add("PUT", "accounts/*/sieve", guarded(this::activate));
    table.add("PUT", "accounts/*/sieve/*", guarded(this::put));
    table.add("GET", "accounts/*/sieve/*", this::get);
    table.add("DELETE", "accounts/*/sieve/*", guarded(this::delete));
    table.add("GET", "sieve", _ -> list(ScriptBook.FOR_ALL));
    table.add("PUT", "sieve", guarded(this::choose));
    table.add("PUT", "sieve/*", guarded(request -> put(request, ScriptBook.FOR_ALL, 1)));
    table.add("GET", "sieve/*", request -> get(request, ScriptBook.FOR_ALL, 1));
    table.add(
        "DELETE",
        "sieve/*",
        guarded(request -> {
          filter.scripts().delete(ScriptBook.FOR_ALL, request.part(1));
          return AdminResponse.done();
        }));
  }

  /** Does one operation that scripts may refuse. */
  @FunctionalInterface
  private interface Guarded {
    AdminResponse run(AdminRequest request) throws AdminException, ScriptException;
  }

  private static AdminApi.Operation guarded(Guarded operation) {
    return request -> {
      try {
        return operation.run(request);
      } catch (ScriptException e) {
        int status =
            switch (e) {
              case ScriptException.Nonexistent _ -> 404;
              case ScriptException.InvalidName _, ScriptException.Invalid _ -> 400;
              case ScriptException.Active _,
                  ScriptException.AlreadyExists _,
                  ScriptException.TooLarge _,
                  ScriptException.TooMany _ ->
                  409;
            };
        throw new AdminException(status, String.valueOf(e.getMessage()));
      }
    };
  }

  private String account(AdminRequest request) throws AdminException {
    Address address = DomainOperations.address(request.part(1));
    return directory
        .accountByAddress(address)
        .orElseThrow(() -> AdminException.notFound("there is no account " + address))
        .id();
  }

  private AdminResponse list(AdminRequest request) throws AdminException {
    return list(account(request));
  }

  private AdminResponse list(String account) {
    Scripts scripts = filter.scripts().scripts(account);
    List<ScriptView> views =
        scripts.byName().entrySet().stream()
            .map(each ->
                new ScriptView(
                    each.getKey(), each.getValue().size(), each.getKey().equals(scripts.active())))
            .toList();
    return AdminResponse.ok(
        new ScriptsView(
            views,
            scripts.problem().map(ProblemView::of).orElse(null),
            scripts.before(),
            scripts.after(),
            filter.settings().redirects()));
  }

  private AdminResponse put(AdminRequest request) throws AdminException, ScriptException {
    return put(request, account(request), 3);
  }

  private AdminResponse put(AdminRequest request, String account, int name)
      throws AdminException, ScriptException {
    try {
      byte[] content = request.body().readNBytes(SieveLimits.DEFAULTS.scriptOctets() + 1);
      filter.put(account, request.part(name), ByteString.copyFrom(content));
    } catch (IOException e) {
      throw AdminException.badRequest("the script did not arrive whole");
    }
    return AdminResponse.done();
  }

  private AdminResponse get(AdminRequest request) throws AdminException {
    return get(request, account(request), 3);
  }

  private AdminResponse get(AdminRequest request, String account, int at) throws AdminException {
    String name = request.part(at);
    ByteString content =
        filter
            .scripts()
            .scripts(account)
            .script(name)
            .orElseThrow(() -> AdminException.notFound("there is no script " + name));
    return new AdminResponse.Octets("application/sieve", content.size(), content::writeTo);
  }

  private AdminResponse delete(AdminRequest request) throws AdminException, ScriptException {
    filter.scripts().delete(account(request), request.part(3));
    return AdminResponse.done();
  }

  /** Lets the named script run, or none. */
  private AdminResponse activate(AdminRequest request) throws AdminException, ScriptException {
    filter.scripts().activate(account(request), request.json(Activation.class).active());
    return AdminResponse.done();
  }

  /** Lets scripts for all run around those of accounts. */
  private AdminResponse choose(AdminRequest request) throws AdminException, ScriptException {
    Chosen chosen = request.json(Chosen.class);
    filter.scripts().choose(chosen.before(), chosen.after());
    return AdminResponse.done();
  }

  /** Names of scripts for all, in the order in which they run. */
  public record Chosen(List<String> before, List<String> after) {}

  /**
   * What is to run.
   *
   * @param active the script's name; empty for none
   */
  public record Activation(String active) {}

  /**
   * An account's scripts, or those for all, of which some run before and after.
   *
   * @param redirects addresses that one run may redirect to
   */
  public record ScriptsView(
      List<ScriptView> scripts,
      @Nullable ProblemView problem,
      List<String> before,
      List<String> after,
      int redirects) {}

  /** A script in a list. */
  public record ScriptView(String name, long octets, boolean active) {}

  /** Why the last run failed that did; {@code line} is 0 if none is to blame. */
  public record ProblemView(String script, int line, String sentence, String time) {
    static ProblemView of(Scripts.Problem problem) {
      return new ProblemView(
          problem.script(), problem.line(), problem.sentence(), problem.time().toString());
    }
  }
}
