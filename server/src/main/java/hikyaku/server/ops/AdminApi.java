package hikyaku.server.ops;

import hikyaku.mailbox.store.StoreException;
import hikyaku.server.directory.DirectoryException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The table of operations. Safe for use by many threads. */
public final class AdminApi {
  private static final Logger LOG = LoggerFactory.getLogger(AdminApi.class);

  /** A group of operations, which enters itself in the table. */
  public interface Group {
    void enter(Table table);
  }

  /** Does one operation. */
  @FunctionalInterface
  public interface Operation {
    AdminResponse run(AdminRequest request) throws AdminException, DirectoryException;
  }

  /** Where operations are entered. */
  public interface Table {
    /**
     * @param path parts with slashes between; {@code *} stands for any one part
     */
    void add(String method, String path, Operation operation);
  }

  private record Row(String method, List<String> pattern, Operation operation) {
    boolean hasPath(List<String> path) {
      if (path.size() != pattern.size()) {
        return false;
      }
      for (int i = 0; i < path.size(); i++) {
        if (!pattern.get(i).equals("*") && !pattern.get(i).equals(path.get(i))) {
          return false;
        }
      }
      return true;
    }
  }

  private final List<Row> rows = new ArrayList<>();

  public AdminApi(List<Group> groups) {
    Table table =
        (method, path, operation) -> rows.add(new Row(method, List.of(path.split("/")), operation));
    groups.forEach(group -> group.enter(table));
    // The path of no parts has one, which is empty.
    table.add("GET", "", _ -> AdminResponse.ok(index()));
  }

  /**
   * An operation there is.
   *
   * @param path parts with slashes between; {@code *} stands for any one part
   */
  public record Entry(String method, String path) {}

  private List<Entry> index() {
    return rows.stream().map(row -> new Entry(row.method, String.join("/", row.pattern))).toList();
  }

  /** Does what is asked; a refusal is an answer as well. */
  public AdminResponse handle(AdminRequest request) {
    try {
      return find(request).run(request);
    } catch (AdminException e) {
      return refusal(e.status(), e);
    } catch (DirectoryException e) {
      return refusal(status(e), e);
    } catch (StoreException e) {
      LOG.atError()
          .addKeyValue("operation", request.method())
          .addKeyValue("cause", e.getMessage())
          .log("The store failed");
      return refusal(503, e);
    }
  }

  private Operation find(AdminRequest request) throws AdminException {
    boolean otherMethod = false;
    for (Row row : rows) {
      if (row.hasPath(request.path())) {
        if (row.method.equals(request.method())) {
          return row.operation;
        }
        otherMethod = true;
      }
    }
    throw otherMethod
        ? new AdminException(405, request.method() + " is not possible here")
        : AdminException.notFound("there is nothing at /" + String.join("/", request.path()));
  }

  private static int status(DirectoryException e) {
    return switch (e) {
      case DirectoryException.NoSuchAccount _,
          DirectoryException.NoSuchAlias _,
          DirectoryException.NoSuchDomain _ ->
          404;
      case DirectoryException.AlreadyExists _, DirectoryException.DomainNotEmpty _ -> 409;
      default -> 400;
    };
  }

  private static AdminResponse refusal(int status, Exception cause) {
    return new AdminResponse.Value(status, new Refusal(String.valueOf(cause.getMessage())));
  }

  /** What a refusal carries. */
  public record Refusal(String error) {}
}
