//! The promises, by what they are about.

pub mod clocks;
pub mod foreign;
pub mod life;
pub mod rehearsal;
pub mod trouble;
pub mod units;
pub mod unknown;
pub mod volume;

/// A test of each promise for one platform: `conformance_suite!(Google);`.
#[macro_export]
macro_rules! conformance_suite {
    ($subject:ident) => {
        $crate::conformance_suite! { $subject:
            life {
                created_lines_are_paused_ours_and_as_rendered,
                enabled_lines_may_spend_their_budgets_and_nothing_more,
                a_new_connector_sees_the_same_and_plans_nothing,
                a_read_back_by_ids_shows_the_same_as_a_listing,
                a_budget_changes_on_the_same_object,
                another_text_leaves_the_object_where_it_is,
                a_pause_is_ours_and_an_enable_takes_it_back,
                a_change_that_is_sent_twice_has_the_effect_of_once,
                a_replacement_lives_beside_what_it_replaces,
                what_is_removed_is_gone_and_removing_it_again_is_no_error,
            }
            rehearsal {
                nothing_is_written_through_it_and_it_says_so,
                nothing_that_could_change_something_leaves_it,
                a_rehearsal_leaves_nothing_behind,
            }
            unknown {
                a_create_that_is_cut_off_after_its_effect_is_not_made_twice,
                wherever_the_connection_is_cut_there_is_one_object_a_line,
                wherever_an_answer_is_an_error_there_is_one_object_a_line,
                a_chain_that_was_cut_is_continued_and_not_restarted,
            }
            volume {
                ten_thousand_objects_of_others_are_paged_through_and_none_is_taken_for_ours,
                a_poll_costs_pages_and_not_objects,
                a_listing_that_breaks_off_is_an_error_and_no_smaller_listing,
            }
            foreign {
                what_others_made_is_not_seen_and_not_changed,
                what_others_made_is_found_by_its_exact_name,
                what_another_installation_made_is_told,
                a_name_that_was_changed_by_hand_is_restored,
                a_pause_by_hand_is_told_from_ours,
                a_budget_by_hand_is_seen_as_it_is,
                what_was_removed_by_hand_is_told_by_its_id,
            }
            units {
                budgets_of_all_currencies_go_there_and_back,
                a_share_with_a_remainder_is_no_drift,
                a_budget_below_the_minimum_is_told_and_creates_nothing,
            }
            clocks {
                flights_go_there_and_back_in_every_zone,
                a_flight_over_a_change_of_clocks_goes_there_and_back,
                spend_is_told_by_the_accounts_own_days,
            }
            trouble {
                a_throttled_write_is_told_and_was_not_made,
                a_revoked_access_is_told_and_given_back_is_used,
                a_token_that_expires_midway_leaves_one_object_a_line,
                a_suspended_account_says_so,
                a_version_that_has_ended_is_told,
                a_place_that_is_not_known_is_absent,
                an_outage_leaves_outcomes_that_are_not_guessed,
            }
        }
    };
    ($subject:ident: $($module:ident { $($test:ident,)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $crate::suite::$module::$test::<super::$subject>().await;
            })*
        })*
    };
}
