package hikyaku.server.ops;

import com.google.protobuf.ByteString;
import hikyaku.protocol.sieve.SieveLimits;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Directory;
import hikyaku.server.filter.Filter;
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
    Scripts scripts = filter.scripts().scripts(account(request));
    List<ScriptView> views =
        scripts.byName().entrySet().stream()
            .map(each ->
                new ScriptView(
                    each.getKey(), each.getValue().size(), each.getKey().equals(scripts.active())))
            .toList();
    return AdminResponse.ok(
        new ScriptsView(views, scripts.problem().map(ProblemView::of).orElse(null)));
  }

  private AdminResponse put(AdminRequest request) throws AdminException, ScriptException {
    try {
      byte[] content = request.body().readNBytes(SieveLimits.DEFAULTS.scriptOctets() + 1);
      filter.put(account(request), request.part(3), ByteString.copyFrom(content));
    } catch (IOException e) {
      throw AdminException.badRequest("the script did not arrive whole");
    }
    return AdminResponse.done();
  }

  private AdminResponse get(AdminRequest request) throws AdminException {
    ByteString content =
        filter
            .scripts()
            .scripts(account(request))
            .script(request.part(3))
            .orElseThrow(() -> AdminException.notFound("there is no script " + request.part(3)));
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

  /**
   * What is to run.
   *
   * @param active the script's name; empty for none
   */
  public record Activation(String active) {}

  /** An account's scripts. */
  public record ScriptsView(List<ScriptView> scripts, @Nullable ProblemView problem) {}

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
