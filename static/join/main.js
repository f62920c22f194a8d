/** Where the page begins. */

import { showFault } from "./fault_screens.js";
import { Journey } from "./journey.js";
import { LinkFault, readPlace } from "./session.js";

const place = readPlace(location);
if (location.pathname.startsWith("/join/open/")) void import("../open/entrance.js");
else if (place) void new Journey(place).begin();
else showFault(new LinkFault("incomplete", ""), () => location.reload());

// another link pasted over this one is another visit
addEventListener("hashchange", () => location.reload());
