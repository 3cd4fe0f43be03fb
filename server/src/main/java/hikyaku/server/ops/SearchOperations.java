package hikyaku.server.ops;

import hikyaku.server.search.MailIndex;
import hikyaku.server.search.SearchStatus;
import org.jspecify.annotations.Nullable;

/** The index of texts that this node keeps. */
public final class SearchOperations implements AdminApi.Group {
  private final @Nullable MailIndex index;

  /**
   * @param index null if the node keeps none, or none runs
   */
  public SearchOperations(@Nullable MailIndex index) {
    this.index = index;
  }

  @Override
  public void enter(AdminApi.Table table) {
    table.add("GET", "search", _ -> AdminResponse.ok(status()));
    table.add("POST", "search/rebuild", _ -> rebuild());
  }

  private SearchStatus status() {
    MailIndex here = index;
    return here == null
        ? new SearchStatus(SearchStatus.State.OFF, "", 0, 0, "", "")
        : here.status();
  }

  private AdminResponse rebuild() throws AdminException {
    MailIndex here = index;
    if (here == null) {
      throw new AdminException(409, "there is no index here that runs");
    }
    here.rebuild();
    return AdminResponse.ok(here.status());
  }
}
